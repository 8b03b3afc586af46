import type { Trend } from "../protocol";

/** Points in a sparkline: five minutes at 5 s. */
export const TREND_LENGTH = 60;

/** The newest values, oldest first; NaN where nothing was observed. */
export type TrendLine = Float32Array;

export function emptyTrend(): TrendLine {
  return new Float32Array(TREND_LENGTH).fill(NaN);
}

export function pushTrend(line: TrendLine, value: number | null): void {
  line.copyWithin(0, 1);
  line[TREND_LENGTH - 1] = value ?? NaN;
}

/**
 * Puts older values, the newest last, in front of the `kept` newest ones that
 * arrived live in the meantime.
 */
export function prependTrend(line: TrendLine, older: readonly (number | null)[], kept: number): void {
  const room = TREND_LENGTH - kept;
  for (let i = 0; i < room; i++) {
    line[room - 1 - i] = older[older.length - 1 - i] ?? NaN;
  }
}

/** A line of values that are known all at once, the newest last. */
export function trendOf(values: readonly number[]): TrendLine {
  const line = emptyTrend();
  prependTrend(line, values, 0);
  return line;
}

/** How many of the live times are newer than the whole trend. */
export function newerThan(trend: Trend, liveTimes: readonly number[]): number {
  const last = trend.timestamps.at(-1) ?? -Infinity;
  return Math.min(TREND_LENGTH, liveTimes.filter((time) => time > last).length);
}

/**
 * An SVG path of the line in a box of the given size, with gaps where there is
 * no value; empty without two values to join. The box spans at least a share
 * of the largest value, so that noise is not stretched into mountains.
 */
export function trendPath(line: TrendLine, width: number, height: number, share = 0.6): string {
  let low = Infinity;
  let high = -Infinity;
  for (const value of line) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return "";
  const span = Math.max(high - low, high * share) || 1;
  const floor = Math.max(0, (high + low) / 2 - span / 2);
  let path = "";
  let drawing = false;
  line.forEach((value, i) => {
    if (Number.isNaN(value)) {
      drawing = false;
      return;
    }
    const x = (i * width) / (TREND_LENGTH - 1);
    const y = height - ((value - floor) / span) * height;
    path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    drawing = true;
  });
  return path;
}
