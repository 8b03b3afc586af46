import { latency, plain, type Figure } from "../format";
import type { EndpointMetrics, Range } from "../protocol";

export type QuantileName = "p50" | "p95" | "p99";

/** In the order of the wire's ranges. */
export const QUANTILES: readonly QuantileName[] = ["p50", "p95", "p99"];

/** A latency and how sure it is. Without a range nothing is known of its bounds. */
export interface Quantile {
  readonly value: number | null; // ms
  readonly range: Range | null;
  /** The application itself states it. */
  readonly own: boolean;
}

export const NO_QUANTILE: Quantile = { value: null, range: null, own: false };

export function quantileOf(figures: EndpointMetrics | undefined, name: QuantileName): Quantile {
  if (!figures) return NO_QUANTILE;
  const range = figures.ranges?.[QUANTILES.indexOf(name)] ?? null;
  return { value: figures[name], range, own: figures.own === true };
}

/** 480 ms, or ≥ 10 s where all that is known is that it lies above the highest bound. */
export function quantileFigure({ value, range }: Pick<Quantile, "value" | "range">): Figure {
  if (value === null || range?.[1] !== null) return latency(value);
  const { text, unit } = bound(range[0]);
  return { text: `≥ ${text}`, unit };
}

/** The figure and how sure it is, in words; undefined where there is nothing to add. */
export function quantileWords(quantile: Quantile): string | undefined {
  const { value, range, own } = quantile;
  if (value === null) return undefined;
  const figure = plain(quantileFigure(quantile));
  if (own) return `${figure}, the application's own quantile, over its own window`;
  if (!range) return undefined;
  return range[1] === null ? `${figure}, above the highest bucket` : `${figure}, between ${joined(range, " and ")}`;
}

/** Whether there is any: an application that exposes no buckets has a mean at most. */
export function hasQuantiles({ p50, p95, p99 }: EndpointMetrics): boolean {
  return p50 !== null || p95 !== null || p99 !== null;
}

/** What there is in place of quantiles; undefined where there are some, or no latency at all. */
export function meanInstead(figures: EndpointMetrics): string | undefined {
  if (figures.mean === null || hasQuantiles(figures)) return undefined;
  return `No quantiles: mean ${plain(latency(figures.mean))}`;
}

/** Where it lies, in short: 250–500 ms, 500 ms – 1 s; empty where there is no bucket around it. */
export function rangeText({ value, range, own }: Quantile): string {
  if (value === null || range === null || own) return "";
  return range[1] === null ? "no upper bound" : joined(range, "–", " – ");
}

/** Whether the limit lies inside the bucket, so that nobody knows on which side of it the quantile is. */
export function isUndecided([lower, upper]: Range, limit: number): boolean {
  return lower < limit && (upper === null || limit < upper);
}

/** The unit is said once where both have the same; `wide` stands between two. */
function joined([lower, upper]: Range, narrow: string, wide = narrow): string {
  const [from, to] = [bound(lower), bound(upper ?? Infinity)];
  const alike = lower === 0 || from.unit === to.unit;
  return alike ? `${from.text}${narrow}${plain(to)}` : `${plain(from)}${wide}${plain(to)}`;
}

/** Bounds are exact numbers that somebody chose: 1 s, not 1.00 s. */
function bound(ms: number): Figure {
  const { text, unit } = latency(ms);
  return { text: text.includes(".") ? text.replace(/\.?0+$/, "") : text, unit };
}
