import type { Alert, EndpointMetrics, MetricsSnapshot, ServerMessage, TargetStatus, Trend } from "../src/protocol";

/** An endpoint with figures; what the test is about is given. */
export function endpoint(path: string, figures: Partial<EndpointMetrics> = {}): EndpointMetrics {
  return {
    job: "shop", method: "GET", path,
    p50: 10, p95: 20, p99: 40, mean: 12, errorRate: 0, clientErrorRate: 0, throughput: 5,
    requests: 25, instances: 1,
    ...figures,
  };
}

/** An endpoint of which nothing is known. */
export function silent(path: string, noData = "no traffic"): EndpointMetrics {
  return endpoint(path, { p50: null, p95: null, p99: null, mean: null, errorRate: null, clientErrorRate: null, throughput: null, noData });
}

export function snapshot(timestamp: number, endpoints: EndpointMetrics[]): MetricsSnapshot {
  return {
    timestamp, interval: 5000, endpoints,
    total: { throughput: 5, errorRate: 0 },
    cdn: { bandwidth: null, cacheHitRatio: null, storage: null },
    system: { uptime: null, memory: null, cpu: null, source: "" },
    targets: { up: 1, unknown: 0, total: 1 },
  };
}

export function message(type: "snapshot" | "update", seq: number, data = snapshot(seq * 5000, [])): ServerMessage {
  return { type, seq, timestamp: data.timestamp, data, alerts: [] };
}

export function alert(id: string, changes: Partial<Alert> = {}): Alert {
  return {
    id, type: "p95", rule: "slow", severity: "warning", state: "firing",
    value: 300, peak: 400, threshold: 250, baseline: null, unit: "ms", direction: "above",
    job: "shop", method: "GET", path: "/orders", labels: {}, annotations: {},
    since: 1000, firedAt: 1000, resolvedAt: null, updatedAt: 1000,
    ...changes,
  };
}

export function trend(timestamps: number[], path: string, p95: (number | null)[]): Trend {
  const other = timestamps.map(() => 1);
  return {
    timestamps, throughput: other, errorRate: other,
    endpoints: [{ job: "shop", method: "GET", path, p95 }],
  };
}

/** A target that is up; what the test is about is given. */
export function target(pool: string, instance: string, changes: Partial<TargetStatus> = {}): TargetStatus {
  return {
    id: `${pool}-${instance}`, pool, job: pool, instance, url: `http://${instance}/metrics`,
    labels: { job: pool, instance }, discovered: { job: pool, __address__: instance },
    health: "up", error: "", warnings: [], lastScrape: 1000, lastDuration: 12, durations: [12], interval: 5000, timeout: 4000,
    samples: 40, relabelled: 40, added: 0, skipped: 0, skippedReason: "", bytes: 4000, started: null, restarts: 0,
    recognised: [], ignored: [], advice: [],
    ...changes,
  };
}
