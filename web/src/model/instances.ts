import type { InstanceMetrics } from "../protocol";

/** Slowest first; those without a p95 last, by name. */
export function bySlowness(a: InstanceMetrics, b: InstanceMetrics): number {
  return (b.p95 ?? -1) - (a.p95 ?? -1) || (a.instance < b.instance ? -1 : 1);
}

/** An instance that is slow where the others are not. */
export interface Outlier {
  instance: string;
  factor: number; // its p95 by the median of the others'
}

const LEAST_REQUESTS = 10; // below, one slow request is all it takes
const LEAST_FACTOR = 2;

/** The slowest instance, if its p95 is twice the usual of the others, or more. */
export function outlierOf(instances: readonly InstanceMetrics[]): Outlier | null {
  const judged = instances.filter(({ p95, requests }) => p95 !== null && requests >= LEAST_REQUESTS);
  const [slowest, ...others] = judged.sort(bySlowness);
  const usual = others[others.length >> 1]?.p95; // of an even number the lower one: it is the slowest's word
  if (!slowest?.p95 || !usual || slowest.p95 < usual * LEAST_FACTOR) return null;
  return { instance: slowest.instance, factor: slowest.p95 / usual };
}
