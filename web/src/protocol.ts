// The wire, as api/wire.go and api/openapi.yaml describe it. Times are Unix
// milliseconds, latencies milliseconds, error rates and ratios percent,
// throughput requests per second. null means that nothing was observed.

export type Severity = "critical" | "warning" | "info";
export type AlertState = "pending" | "firing" | "unknown" | "resolved" | "inactive";

/** Where a quantile lies for sure, in ms: above the first, not above the second, which is null for +Inf. */
export type Range = [lower: number, upper: number | null];

export interface EndpointMetrics {
  job: string;
  method: string; // empty where the application exposes none
  path: string;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mean: number | null; // also where there are no quantiles, because no buckets are exposed
  ranges?: [p50: Range | null, p95: Range | null, p99: Range | null]; // missing without any quantile
  own?: true; // the quantiles are those that the application itself states
  errorRate: number | null;
  clientErrorRate: number | null; // 4xx, unless the job counts them as errors
  throughput: number | null;
  requests: number;
  instances: number;
  noData?: string; // why there are no figures
}

export interface MetricsSnapshot {
  timestamp: number;
  interval: number;
  endpoints: EndpointMetrics[];
  total: { throughput: number | null; errorRate: number | null }; // of all endpoints together
  cdn: { bandwidth: number | null; cacheHitRatio: number | null; storage: number | null };
  system: { uptime: number | null; memory: number | null; cpu: number | null; source: string };
  targets: TargetCount;
  marks?: Mark[]; // since the snapshot before
}

// A moment in the life of a target that may explain what its figures do.
export interface Mark {
  timestamp: number;
  job: string;
  instance: string;
  kind: "restart" | "deploy";
  text: string; // what changed; may be empty
}

// Those that are neither up nor unknown are down.
export interface TargetCount {
  up: number;
  unknown: number; // not scraped yet
  total: number;
  warning?: number; // of those that are up; missing without any
}

export interface Alert {
  id: string; // UUIDv7
  type: string; // p50, p95, p99, mean, error_rate, throughput, latency_spike or a signal
  rule: string;
  severity: Severity;
  state: AlertState;
  value: number | null;
  range?: Range; // of the quantile that is judged; of the median for latency_spike
  peak: number | null; // the value furthest beyond the threshold so far
  peakAtLeast?: boolean; // true if the peak is a lower limit of what it was
  threshold: number | null;
  baseline: number | null; // ms, latency_spike only
  unit: "ms" | "%" | "/s" | "bytes" | "";
  direction: "above" | "below";
  job: string; // job, method and path are empty for a signal
  method: string;
  path: string;
  labels: Record<string, string> | null;
  annotations: Record<string, string> | null;
  since: number | null; // when the condition was first met
  firedAt: number | null;
  resolvedAt: number | null;
  updatedAt: number | null;
  silencedBy?: string;
  noData?: string; // why the state is unknown
}

export type ServerMessage =
  | { type: "snapshot"; seq: number; timestamp: number; data: MetricsSnapshot; alerts: Alert[] }
  | { type: "update"; seq: number; timestamp: number; data: MetricsSnapshot; alerts?: Alert[] }
  | { type: "error"; timestamp: number; error: string };

export type ClientMessage = { type: "subscribe" } | { type: "unsubscribe" };

// GET /api/history: columns of equal length, ready for a chart.
export interface History {
  job: string;
  method: string;
  path: string;
  start: number;
  end: number;
  step: number; // ms; may be longer than the one asked for
  timestamps: number[]; // the start of every step; steps without data are present with nulls
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
  mean: (number | null)[];
  p50Lower: (number | null)[]; // the bounds of each quantile, as in Range
  p50Upper: (number | null)[]; // null beside a quantile is +Inf
  p95Lower: (number | null)[];
  p95Upper: (number | null)[];
  p99Lower: (number | null)[];
  p99Upper: (number | null)[];
  errorRate: (number | null)[];
  clientErrorRate: (number | null)[];
  throughput: (number | null)[];
  requests: (number | null)[];
}

// GET /api/marks
export interface MarkList {
  marks: Mark[]; // newest first
}

export interface InstanceMetrics extends EndpointMetrics {
  instance: string;
}

// GET /api/instances: one endpoint's current figures by instance.
export interface InstanceList {
  timestamp: number;
  instances: InstanceMetrics[];
}

// GET /api/trend: the newest snapshots' p95 of every endpoint, for sparklines.
export interface Trend {
  timestamps: number[]; // oldest first, at most 60
  throughput: (number | null)[]; // of all endpoints together
  errorRate: (number | null)[];
  endpoints: { job: string; method: string; path: string; p95: (number | null)[] }[];
}

// A metric family that was understood as requests.
export interface Recognised {
  convention: string;
  family: string;
  kind: string; // "histogram", "native histogram", "summary", "count and sum" or "counter"
  endpoints: number;
  guess: boolean; // by its name and labels alone
  note: string;
}

// A metric family that speaks of requests and was not used.
export interface Ignored {
  family: string;
  reason: string;
}

// Something missing with what mends it.
export interface Advice {
  text: string;
  yaml: string; // to write into the configuration; may be empty
}

// GET /api/targets
export interface TargetStatus {
  id: string; // stays the same over reloads and restarts while pool, URL and labels do
  pool: string; // the job_name of the configuration
  job: string;
  instance: string;
  url: string;
  labels: Record<string, string>; // after relabelling, job and instance included
  discovered: Record<string, string>; // before it
  health: "unknown" | "up" | "down";
  error: string;
  warnings: string[]; // what is wrong though it is up, the most important first
  lastScrape: number | null;
  lastDuration: number | null; // ms
  durations: number[]; // ms; of the last 60 scrapes, the newest last, failed ones too
  interval: number; // ms
  timeout: number; // ms
  samples: number; // as exposed
  relabelled: number; // samples that metric_relabel_configs and limits left
  added: number; // series that the scrape before did not have
  skipped: number;
  skippedReason: string;
  bytes: number;
  started: number | null;
  restarts: number;
  recognised: Recognised[];
  ignored: Ignored[];
  advice: Advice[]; // the most important first
}

// A target that relabelling or a limit on their number left out, or that cannot
// be scraped.
export interface DroppedTarget {
  pool: string;
  reason: string;
  discovered: Record<string, string>;
}

// GET /api/targets/dropped: keep_dropped_targets may bound the targets, not the counts.
export interface DroppedTargetList {
  targets: DroppedTarget[];
  counts: Record<string, number>; // by pool, every pool included
}

// GET /api/targets/{id}/exposition is text: what the target exposes now. The
// header X-Redpoll-Truncated is true if it was cut at 4 MiB.

// GET /api/rules
export interface Rule {
  name: string;
  metric: string;
  match: Record<string, string>;
  direction: "above" | "below";
  levels: { severity: Severity; threshold: number }[];
  unit: "ms" | "%" | "/s" | "bytes" | "";
  for: number; // ms
  minRequests: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  default: boolean; // one of redpoll's own thresholds
  lastEvaluation: number | null;
  duration: number; // ms
  active: Record<AlertState, number>;
  note: string;
  advice: Advice[]; // where buckets are too coarse for the thresholds
}

// GET /api/alerts: active ones first, then history, newest first.
export interface AlertList {
  alerts: Alert[];
  next: string; // pass as `before` for the next page; empty on the last one
}

// GET /api/endpoints: one page of the current figures.
export interface EndpointList {
  timestamp: number;
  total: number; // that match, on all pages
  limit: number;
  offset: number;
  endpoints: EndpointMetrics[];
}

export interface Matcher {
  name: string; // a label: job, method, path, severity, alertname or one of the rule's own
  value: string; // glob in which * stands for any text
}

// GET /api/silences
export interface Silence {
  id: string; // UUIDv7
  matchers: Matcher[];
  startsAt: number | null;
  endsAt: number | null;
  createdBy: string;
  comment: string;
  state: "pending" | "active" | "expired";
}

// POST /api/silences: endsAt or duration; times also as RFC 3339.
export interface NewSilence {
  matchers: Matcher[];
  startsAt?: number | string; // now if missing
  endsAt?: number | string;
  duration?: string; // e.g. "2h"
  createdBy: string;
  comment: string;
}

// GET /health
export interface Health {
  status: "ok" | "starting" | "failing";
  version: string;
  uptime: number; // s
  targets: TargetCount;
  history: string; // "ok", or what is wrong with it
}

// Every error answer.
export interface ApiError {
  error: string; // what happened and what to do
}

export function assertNever(x: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(x)}`);
}
