const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far back the charts look: no further than redpoll keeps history by default. */
const LENGTHS = {
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": DAY,
  "7d": 7 * DAY,
} as const;

export type Range = keyof typeof LENGTHS;

export const RANGES = Object.keys(LENGTHS) as Range[];

export function parseRange(text: string | null): Range {
  return RANGES.find((range) => range === text) ?? "15m";
}

/** The length in milliseconds. */
export function rangeLength(range: Range): number {
  return LENGTHS[range];
}

const SECOND = 1000;
const STEPS = [
  SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
];
const MOST_POINTS = 400;

/**
 * The step to ask history for: round, no finer than redpoll measures, and so
 * that the chart has no more points than it has pixels for.
 */
export function stepFor(length: number, interval: number): number {
  const fits = (step: number) => step >= interval && length / step <= MOST_POINTS;
  return STEPS.find(fits) ?? Math.max(interval, DAY);
}
