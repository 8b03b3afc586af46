// Package rules judges every snapshot by threshold rules and keeps the alerts
// that come of it.
//
// A rule names a metric, the endpoints it is for and one or more levels, each
// a threshold with the severity that crossing it has. Every endpoint that a
// rule matches has at most one alert of it, identified by the rule's name and
// the endpoint's key:
//
//	inactive ──crossed──▶ pending ──crossed for `for`──▶ firing
//	    ▲                    │                              │
//	    └───not crossed──────┘          not crossed ──▶ resolved (final)
//
//	pending or firing ──no data──▶ unknown ──data──▶ what it was before
//
// In detail:
//
//   - A value crosses a threshold when it lies strictly beyond it.
//   - A latency in a histogram's bucket up to +Inf is known to lie above that
//     bucket's lower bound, and no more. It crosses an upper threshold at or
//     under that bound. Beyond it nothing tells on which side of the threshold
//     it lies: that is missing data, with the cause redpoll.BeyondBuckets, and
//     RuleStatus.Advice says which bucket to add.
//   - With `for` 0 an alert fires at once.
//   - `for` counts time between evaluations that both had data and both crossed
//     the threshold. A gap in the data, in the evaluations (a machine that
//     slept) or in redpoll's own running does not count.
//   - Missing data never resolves an alert. Only an endpoint that has been
//     absent from the snapshots for an hour ends its alerts, with the cause
//     redpoll.SeriesGone.
//   - With several levels one alert escalates: it has the severity of the most
//     severe level that has been crossed for `for`, and steps down as soon as
//     that level is crossed no longer. A pending alert has the severity of the
//     most severe level crossed now.
//
// A transition is a change of state or of severity. Everything else about an
// active alert (its value, the cause of missing data, whether it is silenced)
// is brought up to date at every evaluation without being one; labels and
// annotations speak of the last transition.
//
// The clock is Snapshot.Time. Nothing here starts a goroutine.
package rules
