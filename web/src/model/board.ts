import type { EndpointMetrics, MetricsSnapshot, Severity, TargetCount, Trend } from "../protocol";
import { encodeKey } from "./endpoint";
import { judge, type Status } from "./status";
import type { Thresholds } from "./thresholds";
import { emptyTrend, newerThan, prependTrend, pushTrend, TREND_LENGTH, type TrendLine } from "./trend";

/** One endpoint. The object lives as long as redpoll reports the endpoint. */
export interface Row {
  readonly key: string;
  /** What the filter looks through, in lower case. */
  readonly haystack: string;
  /** The p95 of the newest snapshots. */
  readonly trend: TrendLine;
  figures: EndpointMetrics;
  status: Status;
  /** True once redpoll no longer reports the endpoint. */
  gone: boolean;
}

/** What is found by looking through all rows. */
export interface Tally {
  counts: Record<Status, number>;
  slowest: Row | null; // by p99
  severalJobs: boolean;
}

/** Firing severities by endpoint key. */
export type FiringByEndpoint = ReadonlyMap<string, Severity>;

/**
 * The latest figures of every endpoint. Endpoints may come and go from one
 * snapshot to the next; rows keep their identity and their trend by key.
 */
export class Board {
  rows: Row[] = [];
  tally: Tally = tallyOf([]);
  /** The figures of all endpoints together, as redpoll adds them up. */
  total: MetricsSnapshot["total"] = { throughput: null, errorRate: null };
  targets: TargetCount = { up: 0, unknown: 0, total: 0 };
  /** When the figures were taken, Unix ms; 0 before the first. */
  timestamp = 0;
  interval = 0; // ms
  readonly throughputTrend = emptyTrend();
  readonly errorTrend = emptyTrend();

  #byKey = new Map<string, Row>();
  #times: number[] = [];

  find(key: string): Row | undefined {
    return this.#byKey.get(key);
  }

  /** Takes over a snapshot. One that repeats the last adds no trend point. */
  apply(data: MetricsSnapshot, limits: Thresholds, firing: FiringByEndpoint): void {
    const isNew = data.timestamp > this.timestamp;
    this.timestamp = data.timestamp;
    this.interval = data.interval;
    this.total = data.total;
    this.targets = data.targets;
    this.#takeRows(data.endpoints);
    this.judge(limits, firing);
    if (isNew) this.#extendTrends();
  }

  /** Judges all rows again, after the limits or the alerts have changed. */
  judge(limits: Thresholds, firing: FiringByEndpoint): void {
    for (const row of this.rows) {
      row.status = judge(row.figures, limits, firing.get(row.key));
    }
    this.tally = tallyOf(this.rows);
  }

  /** Puts what redpoll remembers before what arrived live. */
  loadTrend(trend: Trend): void {
    const kept = newerThan(trend, this.#times);
    prependTrend(this.throughputTrend, trend.throughput, kept);
    prependTrend(this.errorTrend, trend.errorRate, kept);
    for (const endpoint of trend.endpoints) {
      const row = this.#byKey.get(encodeKey(endpoint));
      if (row) prependTrend(row.trend, endpoint.p95, kept);
    }
  }

  #takeRows(endpoints: EndpointMetrics[]): void {
    const before = this.rows;
    // redpoll sends endpoints in a steady order, so the row at the same place
    // is nearly always the right one, and the key need not be built.
    const rows = endpoints.map((figures, i) => {
      const same = before[i];
      const row = same && isSame(same.figures, figures) ? same : this.#rowOf(figures);
      row.figures = figures;
      return row;
    });
    this.rows = rows;
    if (rows.length !== before.length || rows.some((row, i) => row !== before[i])) this.#reindex();
  }

  #rowOf(figures: EndpointMetrics): Row {
    const key = encodeKey(figures);
    return this.#byKey.get(key) ?? newRow(key, figures);
  }

  #reindex(): void {
    const index = new Map(this.rows.map((row) => [row.key, row]));
    for (const row of this.#byKey.values()) {
      if (!index.has(row.key)) retire(row);
    }
    this.#byKey = index;
  }

  #extendTrends(): void {
    this.#times.push(this.timestamp);
    if (this.#times.length > TREND_LENGTH) this.#times.shift();
    for (const row of this.rows) pushTrend(row.trend, row.figures.p95);
    pushTrend(this.throughputTrend, this.total.throughput);
    pushTrend(this.errorTrend, this.total.errorRate);
  }
}

function isSame(a: EndpointMetrics, b: EndpointMetrics): boolean {
  return a.path === b.path && a.method === b.method && a.job === b.job;
}

function newRow(key: string, figures: EndpointMetrics): Row {
  const haystack = `${figures.job} ${figures.method} ${figures.path}`.toLowerCase();
  return { key, haystack, trend: emptyTrend(), figures, status: "none", gone: false };
}

/** A row may stay on screen while the order is held; it must not show old figures. */
function retire(row: Row): void {
  const { job, method, path } = row.figures;
  row.gone = true;
  row.status = "none";
  row.figures = {
    job, method, path,
    p50: null, p95: null, p99: null, mean: null, errorRate: null, clientErrorRate: null, throughput: null,
    requests: 0, instances: 0, noData: "series gone",
  };
}

function tallyOf(rows: readonly Row[]): Tally {
  const tally: Tally = { counts: { crit: 0, warn: 0, none: 0, ok: 0 }, slowest: null, severalJobs: false };
  for (const row of rows) {
    tally.counts[row.status]++;
    if ((row.figures.p99 ?? -1) > (tally.slowest?.figures.p99 ?? -1)) tally.slowest = row;
    if (row.figures.job !== rows[0]!.figures.job) tally.severalJobs = true;
  }
  return tally;
}
