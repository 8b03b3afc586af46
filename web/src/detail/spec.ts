import { latency, percent, throughput, type Figure } from "../format";
import type { FigureName } from "../model/series";
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
  filled?: boolean;
}

export interface Limits {
  warn: number;
  crit: number;
}

/** Latencies are one colour from light to dark: readable without seeing hues. */
export const CHARTS: readonly ChartSpec[] = [
  {
    title: "Latency",
    height: 216,
    format: latency,
    lines: [
      { figure: "p50", label: "p50", colour: "--p50", width: 1.5 },
      { figure: "p95", label: "p95", colour: "--p95", width: 2 },
      { figure: "p99", label: "p99", colour: "--p99", width: 1.25 },
    ],
    limits: ({ p95Warn, p95Crit }) => ({ warn: p95Warn, crit: p95Crit }),
    concerns: (type) => /^p\d/.test(type) || type === "latency_spike",
  },
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
