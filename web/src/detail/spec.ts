import { latency, percent, throughput, type Figure } from "../format";
import { QUANTILES } from "../model/quantile";
import type { FigureName, Series } from "../model/series";
import type { Thresholds } from "../model/thresholds";

/** What a chart shows and how. Colours are names of the style sheet's variables. */
export interface ChartSpec {
  title: string;
  height: number; // px
  format: (value: number | null | undefined) => Figure;
  lines: readonly Line[];
  limits?: (thresholds: Thresholds) => Limits;
  /** Left out where all its values are 0 or missing. */
  optional?: true;
  /** Whether an alert on that metric is marked in this chart. */
  concerns: (type: string) => boolean;
}

export interface Line {
  figure: FigureName;
  label: string;
  colour: string;
  width: number;
  dash?: number[];
  filled?: boolean;
}

export interface Limits {
  warn: number;
  crit: number;
}

/** One colour from light to dark: readable without seeing hues. */
const QUANTILE_LINES: readonly Line[] = [
  { figure: "p50", label: "p50", colour: "--p50", width: 1.5 },
  { figure: "p95", label: "p95", colour: "--p95", width: 2 },
  { figure: "p99", label: "p99", colour: "--p99", width: 1.25 },
];

const MEAN_LINE: Line = { figure: "mean", label: "mean", colour: "--mean", width: 1.75, dash: [6, 3] };

const LATENCY: Omit<ChartSpec, "lines"> = {
  title: "Latency",
  height: 216,
  format: latency,
  concerns: (type) => /^p\d/.test(type) || type === "mean" || type === "latency_spike",
};

/** The limits are those of a p95: they say nothing about a mean alone. */
const P95_LIMITS = ({ p95Warn, p95Crit }: Thresholds): Limits => ({ warn: p95Warn, crit: p95Crit });

const QUANTILES_ALONE: ChartSpec = { ...LATENCY, lines: QUANTILE_LINES, limits: P95_LIMITS };
const MEAN_ALONE: ChartSpec = { ...LATENCY, lines: [MEAN_LINE] };
const QUANTILES_AND_MEAN: ChartSpec = { ...QUANTILES_ALONE, lines: [...QUANTILE_LINES, MEAN_LINE] };

/**
 * The mean stands in where there are no quantiles: always where no buckets are
 * exposed, and in history where the quantiles are the application's own.
 */
function latencyOf(series: Series): ChartSpec {
  const isMissing = (i: number) => QUANTILES.every((name) => series[name][i] === null);
  const standsIn = series.mean.some((value, i) => value !== null && isMissing(i));
  if (!standsIn) return QUANTILES_ALONE;
  return series.timestamps.every((_, i) => isMissing(i)) ? MEAN_ALONE : QUANTILES_AND_MEAN;
}

/** The charts that have something to tell. */
export function chartsOf(series: Series): readonly ChartSpec[] {
  const tells = ({ optional, lines }: ChartSpec) =>
    !optional || lines.some(({ figure }) => series[figure].some((value) => value !== null && value > 0));
  return [latencyOf(series), ...OTHERS.filter(tells)];
}

const OTHERS: readonly ChartSpec[] = [
  {
    title: "Error rate",
    height: 128,
    format: percent,
    lines: [{ figure: "errorRate", label: "errors", colour: "--crit", width: 1.75, filled: true }],
    limits: ({ errorWarn, errorCrit }) => ({ warn: errorWarn, crit: errorCrit }),
    concerns: (type) => type === "error_rate",
  },
  // Apart from errors: where one request in five is a 404, errors would be a
  // line on the ground.
  {
    title: "Client errors",
    height: 96,
    format: percent,
    lines: [{ figure: "clientErrorRate", label: "4xx", colour: "--client", width: 1.5, filled: true }],
    optional: true,
    concerns: () => false,
  },
  {
    title: "Throughput",
    height: 128,
    format: throughput,
    lines: [{ figure: "throughput", label: "requests", colour: "--p95", width: 1.75, filled: true }],
    concerns: (type) => type === "throughput",
  },
];
