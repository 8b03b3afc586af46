import type { Alert, EndpointMetrics, History } from "../protocol";
import { severityMark, type Mark } from "./status";

export type FigureName = "p50" | "p95" | "p99" | "errorRate" | "throughput";

type Column = readonly (number | null)[];

/** One endpoint's figures over time, as columns of equal length for the charts. */
export interface Series extends Readonly<Record<FigureName, Column>> {
  readonly timestamps: readonly number[];
  readonly step: number; // ms
}

const FIGURES: readonly FigureName[] = ["p50", "p95", "p99", "errorRate", "throughput"];

/**
 * What history answered, without the empty steps at its end: the newest step
 * is still being filled, and live points follow it.
 */
export function seriesFrom(history: History): Series {
  let length = history.timestamps.length;
  while (length > 0 && FIGURES.every((name) => history[name][length - 1] === null)) length--;
  return {
    step: history.step,
    timestamps: history.timestamps.slice(0, length),
    p50: history.p50.slice(0, length),
    p95: history.p95.slice(0, length),
    p99: history.p99.slice(0, length),
    errorRate: history.errorRate.slice(0, length),
    throughput: history.throughput.slice(0, length),
  };
}

/**
 * Adds a live point, and drops what lies before `from`, so that a page left
 * open for days holds no more than it shows. A point that history has already
 * told is left out.
 */
export function withLivePoint(series: Series, time: number, figures: EndpointMetrics, from: number): Series {
  const last = series.timestamps.at(-1) ?? -Infinity;
  if (time < last + series.step) return series;
  const kept = series.timestamps.findIndex((timestamp) => timestamp >= from);
  const cut = kept < 0 ? series.timestamps.length : kept;
  const extended = (name: FigureName) => [...series[name].slice(cut), figures[name]];
  return {
    step: series.step,
    timestamps: [...series.timestamps.slice(cut), time],
    p50: extended("p50"),
    p95: extended("p95"),
    p99: extended("p99"),
    errorRate: extended("errorRate"),
    throughput: extended("throughput"),
  };
}

/** Where values stand alone between gaps: no line leads to them, so they need a dot. */
export function lonely(column: ArrayLike<number | null | undefined>): number[] {
  const isGap = (i: number) => column[i] == null; // before the first and behind the last, too
  return Array.from(column, (_, i) => i).filter((i) => !isGap(i) && isGap(i - 1) && isGap(i + 1));
}

/** A time during which an alert fired; without end while it still does. */
export interface Band {
  from: number;
  to: number | null;
  mark: Mark;
}

/** The bands of those alerts that fired on a metric the chart is about. */
export function bandsOf(alerts: readonly Alert[], concerns: (type: string) => boolean): Band[] {
  const bands: Band[] = [];
  for (const { type, firedAt, resolvedAt, severity } of alerts) {
    if (firedAt === null || !concerns(type)) continue;
    bands.push({ from: firedAt, to: resolvedAt, mark: severityMark(severity) });
  }
  return bands;
}
