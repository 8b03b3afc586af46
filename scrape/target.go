package scrape

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
	"github.com/redpoll/redpoll/scrape/red"
)

// target is one URL with its loop and its state.
type target struct {
	blueprint
	job *settings

	cancel context.CancelFunc // ends the loop
	done   chan struct{}      // closed when it has ended

	policy *policy

	// These belong to the loop's goroutine.
	reader  reader
	deriver *red.Deriver
	formats formats
	usual   int64 // length of the last body

	mu       sync.Mutex           // guards what follows
	barred   string               // why it is not to be scraped; empty if it is
	status   redpoll.TargetStatus // whose Discovered may be newer than the blueprint's
	report   scrapeReport
	families []exposition.Family // of the last scrape that succeeded; shared
	window   window
	system   red.System
	marks    []redpoll.Mark // since the last snapshot
}

// newTarget makes a target that does not run yet.
func (j *job) newTarget(drawn *blueprint) *target {
	policy := j.policies.of(labelsOf(&drawn.Target))
	return &target{
		blueprint: *drawn,

		job:     j.settings,
		done:    make(chan struct{}),
		policy:  policy,
		reader:  policy.library.NewReader(),
		deriver: red.NewDeriver(j.deriving(drawn, policy)),
		window:  window{job: drawn.Job, instance: drawn.Instance},
		status: redpoll.TargetStatus{
			Target:   drawn.Target,
			Health:   redpoll.HealthUnknown,
			Interval: drawn.interval,
			Timeout:  drawn.timeout,
		},
	}
}

// deriving are the options for the figures of a target, or of none.
func (s *settings) deriving(of *blueprint, p *policy) red.Options {
	return red.Options{
		Conventions:  s.config.Endpoints,
		Catalogue:    s.catalogue,
		Errors:       s.config.Errors,
		Folding:      s.config.PathFolding,
		Scale:        s.config.Estimate.scale(),
		Job:          of.Job,
		Instance:     of.Instance,
		HonorLabels:  p.namesOrigins(),
		MetricsPath:  of.path,
		MaxEndpoints: followed(s.config.MaxEndpoints),
	}
}

// reader is an exposition.Reader.
type reader interface {
	Read(context.Context, exposition.Body) (exposition.Scrape, error)
	Release()
	Close()
}

// start begins the loop.
func (t *target) start() {
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	go t.run(ctx)
}

// run scrapes at every interval until ctx ends. A scrape that takes longer
// than the interval makes the next ones due meanwhile fall out.
func (t *target) run(ctx context.Context) {
	defer close(t.done)
	defer t.reader.Close()
	defer t.deriver.Close()
	next := time.Now().Add(phase(t.ID, t.interval, time.Now()))
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		t.scrape(ctx)
		next = next.Add(t.interval)
		if late := time.Since(next); late > 0 {
			next = next.Add(late.Truncate(t.interval) + t.interval)
		}
		timer.Reset(time.Until(next))
	}
}

// phase is how long from now until the target's place in the interval comes
// up. The place is a hash of its name, so that targets are spread evenly and a
// restart of redpoll does not move them.
func phase(name string, interval time.Duration, now time.Time) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	place := time.Duration(h.Sum64() % uint64(interval))
	at := time.Duration(now.UnixNano() % int64(interval))
	return (place - at + interval) % interval
}

// scrape does one scrape and records how it went.
func (t *target) scrape(ctx context.Context) {
	defer t.deriver.Release() // what it derived is recorded by then
	if reason := t.bars(); reason != "" {
		t.record(&outcome{begun: time.Now().Round(0), failure: reason})
		return
	}
	begun := time.Now()
	// Requests go on in the target while this machine sleeps, and the wall
	// clock with them; the monotonic clock, which tells durations, does not.
	o := outcome{begun: begun.Round(0)}
	fetching, cancel := context.WithTimeout(ctx, t.timeout)
	answer, err := t.fetch(fetching, t.formats.accept(&t.job.accepts), t.usual)
	cancel()
	o.fetched = time.Since(begun)
	var ofProtobuf bool // if it fails
	switch {
	case ctx.Err() != nil:
		if err == nil {
			answer.release()
		}
		return // stopped: that says nothing about the target
	case err != nil:
		ofProtobuf = mayBeOfProtobuf(err)
		o.fail(explain(err, t))
		if _, tooLarge := errors.AsType[*tooLargeError](err); tooLarge {
			o.bytes = -1
		}
	default:
		t.usual, ofProtobuf = int64(len(answer.body)), exposition.IsProtobuf(answer.contentType)
		if !t.readInTurn(ctx, answer, &o) {
			return
		}
	}
	t.formats.scraped(o.failure != "", ofProtobuf)
	o.duration = time.Since(begun)
	t.job.manager.metrics.observe(t.Job, &o)
	t.record(&o)
}

// outcome is how one scrape went.
type outcome struct {
	begun    time.Time
	fetched  time.Duration     // until the end of the body
	duration time.Duration     // until everything was worked out
	failure  string            // empty if it succeeded
	reason   reason            // of the failure
	bytes    int64             // as that of scrapeReport
	scraped  exposition.Scrape // what may be kept of it
	skipped  exposition.Skipped
	warnings []string
	derived  *red.Derived
}

// readInTurn reads the answer when its turn comes, and releases it. It reports
// whether that was done before the end of ctx.
func (t *target) readInTurn(ctx context.Context, a *answer, o *outcome) bool {
	defer a.release()
	end, err := t.job.manager.turns.take(ctx, a.body, a.contentType)
	if err != nil {
		o.bytes = int64(len(a.body))
		o.fail(explainParse(err, a, t.path))
		return ctx.Err() == nil
	}
	defer end()
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	t.read(reading, a, o)
	return ctx.Err() == nil
}

// readTimeout is how long reading a body may take once its turn has come. The
// largest honest ones need a second or two on a processor of their own.
const readTimeout = 10 * time.Second

// read parses the answer and derives from it.
func (t *target) read(ctx context.Context, a *answer, o *outcome) {
	o.bytes = int64(len(a.body))
	if a.isBlank() {
		o.fail(explainBlank(t.path))
		return
	}
	defer t.reader.Release()
	scraped, err := t.reader.Read(ctx, exposition.Body{Bytes: a.body, ContentType: a.contentType, At: o.begun, Complete: a.complete})
	o.scraped, o.scraped.Samples = scraped, nil // which are the reader's
	if err != nil {
		o.fail(explainParse(err, a, t.path))
		return
	}
	o.skipped, o.warnings = scraped.Skipped, warningsOf(&scraped, t.job.config.JobName)
	o.derived, err = t.deriver.DeriveContext(ctx, scraped, o.begun)
	switch {
	case errors.Is(err, red.ErrNotLater):
		o.fail(badClock, err.Error())
		return
	case err != nil:
		o.fail(explainParse(err, a, t.path))
		return
	}
	if !a.complete {
		t.deriver.Doubt()
	}
	o.skipped.Add(o.derived.Skipped.Count, func() string { return o.derived.Skipped.Reason })
	o.warnings = slices.Concat(o.warnings, o.derived.Warnings, t.policy.warnings())
}

// record makes the outcome the target's state.
func (t *target) record(o *outcome) {
	t.mu.Lock()
	before := t.status.Health
	s := &t.status
	s.LastScrape, s.LastDuration, s.Bytes = o.begun, o.duration, max(0, o.bytes)
	s.Durations = appendDuration(s.Durations, o.duration)
	s.Samples, s.Skipped, s.SkippedReason = o.scraped.Exposed, o.skipped.Count, o.skipped.Reason
	s.Relabelled, s.Added, s.Warnings = 0, 0, o.warnings
	t.report = reportOf(o, &o.scraped, t.timeout)
	if o.failure != "" {
		s.Health, s.Error = redpoll.HealthDown, o.failure
	} else {
		s.Health, s.Error = redpoll.HealthUp, ""
		s.Started, s.Restarts = o.derived.Started, o.derived.Restarts
		s.Relabelled, s.Added = o.scraped.Relabelled, o.scraped.Added
		s.Useful, s.Used, s.Unused = o.derived.Useful, o.scraped.Used, o.scraped.Unused
		t.families = mostOf(o.scraped.Families)
		s.Recognised, s.Ignored, s.Advice = o.derived.Recognised, o.derived.Ignored, o.derived.Advice
		t.system = o.derived.System
		t.window.record(o.derived, o.begun)
		t.mark(o.derived.Marks)
	}
	after := s.Health
	t.mu.Unlock()
	t.logChange(before, after, o.failure)
}

// maxFamilies bounds those of a target that Metadata tells of. Large exporters
// have some thousand.
const maxFamilies = 10_000

// mostOf are the first maxFamilies; of more, the others are not kept.
func mostOf(families []exposition.Family) []exposition.Family {
	if len(families) <= maxFamilies {
		return families
	}
	return slices.Clone(families[:maxFamilies])
}

// maxMarks bounds those that wait for a snapshot.
const maxMarks = 100

// mark adds marks of the target.
func (t *target) mark(marks []redpoll.Mark) {
	for _, mark := range marks {
		if len(t.marks) == maxMarks {
			return
		}
		mark.Job, mark.Instance = t.Job, t.Instance
		t.marks = append(t.marks, mark)
	}
}

// logChange tells of a change only: a target that stays down is on the
// Targets page.
func (t *target) logChange(before, after redpoll.Health, failure string) {
	logger := t.job.manager.logger
	switch {
	case before == after:
	case after == redpoll.HealthDown:
		logger.Warn("target is down", "job", t.Job, "instance", t.Instance, "reason", failure)
	case before == redpoll.HealthDown:
		logger.Info("target is up again", "job", t.Job, "instance", t.Instance)
	}
}

func (t *target) currentStatus() redpoll.TargetStatus {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

// rediscover takes the labels from before relabelling, which may change while
// the target stays the same.
func (t *target) rediscover(discovered map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.Discovered = discovered
}

// bar makes scrapes fail with the reason from now on, without asking the target,
// until the reason is empty.
func (t *target) bar(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.barred = reason
}

// bars is the reason why the target is not to be scraped; empty if it is.
func (t *target) bars() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.barred
}
