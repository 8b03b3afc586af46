import { inUnit, plain } from "../format";
import type { Alert, AlertState, EndpointMetrics, Severity } from "../protocol";
import type { Row } from "./board";
import { encodeKey } from "./endpoint";
import { isUndecided, NO_QUANTILE, QUANTILES, quantileFigure, quantileOf, rangeText, type Quantile } from "./quantile";

const SEVERITY_RANK: Record<Severity, number> = { critical: 2, warning: 1, info: 0 };

/** The alerts that have not ended, by id. Immutable: every change makes a new one. */
export type ActiveAlerts = ReadonlyMap<string, Alert>;

export function activeFrom(alerts: readonly Alert[]): ActiveAlerts {
  return withTransitions(new Map(), alerts);
}

/** Applies transitions; alerts that have ended leave. */
export function withTransitions(active: ActiveAlerts, transitions: readonly Alert[]): ActiveAlerts {
  if (transitions.length === 0) return active;
  const next = new Map(active);
  for (const alert of transitions) {
    if (hasEnded(alert.state)) next.delete(alert.id);
    else next.set(alert.id, alert);
  }
  return next;
}

export function hasEnded(state: AlertState): boolean {
  return state === "resolved" || state === "inactive";
}

/** Most severe first, then the newest. */
export function byUrgency(a: Alert, b: Alert): number {
  return SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity] || (b.since ?? 0) - (a.since ?? 0);
}

/**
 * Whether it calls for somebody: it fires, or did when the data to judge it by
 * ended. Silence after a fire is no relief.
 */
export function isPressing({ state, firedAt }: Alert): boolean {
  return state === "firing" || (state === "unknown" && firedAt !== null);
}

/** The highest severity firing at each endpoint. Signals have no endpoint. */
export function firingByEndpoint(active: ActiveAlerts): Map<string, Severity> {
  const worst = new Map<string, Severity>();
  for (const alert of active.values()) {
    if (alert.state !== "firing" || alert.path === "") continue;
    const key = encodeKey(alert);
    const known = worst.get(key);
    if (!known || SEVERITY_RANK[alert.severity] > SEVERITY_RANK[known]) worst.set(key, alert.severity);
  }
  return worst;
}

/** What was dismissed: this firing only, and nothing worse than it was then. */
export interface Dismissal {
  since: number;
  severity: Severity;
}

/** Dismissals by alert id. */
export type Dismissals = Readonly<Record<string, Dismissal>>;

const DISMISSALS_KEPT = 200;

/** An alert shows again when it fires anew or gets worse. */
export function isDismissed({ id, since, severity }: Alert, dismissals: Dismissals): boolean {
  const found = Object.hasOwn(dismissals, id) ? dismissals[id] : undefined;
  return found !== undefined && found.since === (since ?? 0) && SEVERITY_RANK[severity] <= SEVERITY_RANK[found.severity];
}

/** Only the newest few hundred are kept: storage in a browser is small. */
export function dismiss({ id, since, severity }: Alert, dismissals: Dismissals): Dismissals {
  const entries = Object.entries({ ...dismissals, [id]: { since: since ?? 0, severity } });
  return Object.fromEntries(entries.sort((a, b) => b[1].since - a[1].since).slice(0, DISMISSALS_KEPT));
}

export function restore(alert: Alert, dismissals: Dismissals): Dismissals {
  const { [alert.id]: _, ...others } = dismissals;
  return others;
}

/** The dismissals among what storage held; undefined if that is no map at all. */
export function parseDismissals(stored: unknown): Dismissals | undefined {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return undefined;
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => isDismissal(value)));
}

function isDismissal(value: unknown): value is Dismissal {
  const { since, severity } = Object(value) as Record<string, unknown>;
  return typeof since === "number" && typeof severity === "string" && Object.hasOwn(SEVERITY_RANK, severity);
}

/**
 * What the alert's figure is now: the endpoint's own where the table shows it,
 * otherwise the value at the last transition. Of an ended alert it is the
 * worst: the last is the one at which all was well again. The value is in the
 * alert's unit; it has a range only where it is a latency.
 */
export function currentReading(alert: Alert, row: Row | undefined): Quantile {
  if (hasEnded(alert.state)) return worst(alert);
  const live = row && !row.gone ? liveReading(alert.type, row.figures) : null;
  return live && live.value !== null ? live : reading(alert);
}

function reading({ unit, range, value }: Alert): Quantile {
  return { value, range: unit === "ms" ? (range ?? null) : null, own: false };
}

function worst({ unit, peak, peakAtLeast }: Alert): Quantile {
  return { value: peak, range: unit === "ms" && peak !== null && peakAtLeast ? [peak, null] : null, own: false };
}

function liveReading(type: string, figures: EndpointMetrics): Quantile | null {
  const quantile = QUANTILES.find((name) => name === type);
  if (quantile) return quantileOf(figures, quantile);
  if (type === "mean") return { ...NO_QUANTILE, value: figures.mean };
  if (type === "error_rate") return { ...NO_QUANTILE, value: figures.errorRate };
  return type === "throughput" ? { ...NO_QUANTILE, value: figures.throughput } : null;
}

/** The reading as text: "≥ 10 s", "6.38 %". */
export function readingText({ unit }: Alert, current: Quantile): string {
  return plain(unit === "ms" ? quantileFigure(current) : inUnit(current.value, unit));
}

/** Why the alert may be mistaken; empty where it is not in doubt. */
export function doubtOf({ value, threshold, range, unit, state }: Alert): string {
  if (!range || unit !== "ms" || threshold === null || hasEnded(state) || !isUndecided(range, threshold)) return "";
  const bucket = rangeText({ value, range, own: false });
  return range[1] === null ? "the limit is above the highest bucket" : `the limit is inside a bucket: ${bucket}`;
}

const METRIC_NAMES: Record<string, string> = {
  mean: "Mean latency",
  error_rate: "Error rate",
  throughput: "Throughput",
  latency_spike: "Latency spike",
};

/** What is judged, in words: "p95 latency", "Error rate", "cdn cache hit ratio". */
export function metricName(type: string): string {
  if (/^p\d/.test(type)) return `${type} latency`;
  return Object.hasOwn(METRIC_NAMES, type) ? METRIC_NAMES[type]! : type.replaceAll("_", " ");
}

const SEVERITY_NAMES: Record<Severity, string> = { critical: "Critical", warning: "Warning", info: "Info" };

export function severityName(severity: Severity): string {
  return SEVERITY_NAMES[severity] ?? severity;
}
