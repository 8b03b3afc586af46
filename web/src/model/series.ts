import type { Alert, EndpointMetrics, History, Range } from "../protocol";
import { NO_QUANTILE, QUANTILES, quantileOf, type Quantile, type QuantileName } from "./quantile";
import { severityMark, type Mark } from "./status";

export type FigureName = QuantileName | "mean" | "errorRate" | "clientErrorRate" | "throughput";

type Bound = `${QuantileName}${"Lower" | "Upper"}`;

/** null where nothing was observed; an upper bound is null also where there is none. */
export type Column = readonly (number | null)[];

/** One endpoint's figures over time, as columns of equal length for the charts. */
export interface Series extends Readonly<Record<FigureName | Bound, Column>> {
  readonly timestamps: readonly number[];
  readonly step: number; // ms
}

const FIGURES: readonly FigureName[] = [...QUANTILES, "mean", "errorRate", "clientErrorRate", "throughput"];

function columns(make: (name: FigureName | Bound) => Column): Record<FigureName | Bound, Column> {
  const bounds = QUANTILES.flatMap((name): Bound[] => [`${name}Lower`, `${name}Upper`]);
  const entries = [...FIGURES, ...bounds].map((name) => [name, make(name)]);
  return Object.fromEntries(entries) as Record<FigureName | Bound, Column>;
}

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
    ...columns((name) => history[name].slice(0, length)),
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
  return {
    step: series.step,
    timestamps: [...series.timestamps.slice(cut), time],
    ...columns((name) => [...series[name].slice(cut), livePoint(figures, name)]),
  };
}

function livePoint(figures: EndpointMetrics, name: FigureName | Bound): number | null {
  const quantile = QUANTILES.find((known) => name !== known && name.startsWith(known));
  if (!quantile) return figures[name as FigureName];
  return quantileOf(figures, quantile).range?.[name.endsWith("Lower") ? 0 : 1] ?? null;
}

/** A quantile at one of the times. History keeps none of the application's own. */
export function quantileAt(series: Series, name: QuantileName, at: number): Quantile {
  const value = series[name][at] ?? null;
  const lower = series[`${name}Lower`][at] ?? null;
  if (value === null || lower === null) return { ...NO_QUANTILE, value };
  const range: Range = [lower, series[`${name}Upper`][at] ?? null];
  return { value, range, own: range[1] === lower };
}

/** Where values stand alone between gaps: no line leads to them, so they need a dot. */
export function lonely(column: ArrayLike<number | null | undefined>): number[] {
  const isGap = (i: number) => column[i] == null; // before the first and behind the last, too
  return Array.from(column, (_, i) => i).filter((i) => !isGap(i) && isGap(i - 1) && isGap(i + 1));
}

/** The stretches without gaps: the index of the first value, and that behind the last. */
export function stretches(column: Column): [from: number, to: number][] {
  const found: [number, number][] = [];
  column.forEach((value, i) => {
    const last = found.at(-1);
    if (value === null) return;
    if (last?.[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
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
