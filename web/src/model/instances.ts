import type { InstanceMetrics } from "../protocol";
import { hasQuantiles } from "./quantile";

/** Slowest first, by p95, then by mean; those without last, by name. */
export function bySlowness(a: InstanceMetrics, b: InstanceMetrics): number {
  const figures = (b.p95 ?? -1) - (a.p95 ?? -1) || (b.mean ?? -1) - (a.mean ?? -1);
  return figures || (a.instance < b.instance ? -1 : 1);
}

/** Whether means are all that is known of the latencies. */
export function isMeanAlone(instances: readonly InstanceMetrics[]): boolean {
  return instances.some(({ mean }) => mean !== null) && !instances.some(hasQuantiles);
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
