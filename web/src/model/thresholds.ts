/** This browser's limits: latencies in milliseconds, error rates in percent. */
export interface Thresholds {
  p95Warn: number;
  p95Crit: number;
  errorWarn: number;
  errorCrit: number;
}

export type ThresholdName = keyof Thresholds;

export const DEFAULT_THRESHOLDS: Thresholds = { p95Warn: 250, p95Crit: 500, errorWarn: 1, errorCrit: 5 };

/** The span of a slider, in the threshold's own unit. */
export interface Span {
  least: number;
  most: number;
}

const LATENCY: Span = { least: 5, most: 10_000 };
const ERRORS: Span = { least: 0.05, most: 100 };

export function spanOf(name: ThresholdName): Span {
  return name.startsWith("p95") ? LATENCY : ERRORS;
}

const PARTNER: Record<ThresholdName, ThresholdName> = {
  p95Warn: "p95Crit",
  p95Crit: "p95Warn",
  errorWarn: "errorCrit",
  errorCrit: "errorWarn",
};

/**
 * Thresholds with one limit changed, held inside its span. The other limit of
 * the pair follows where a warning would otherwise lie above its critical one.
 */
export function withThreshold(from: Thresholds, name: ThresholdName, value: number): Thresholds {
  const { least, most } = spanOf(name);
  const limit = Math.min(most, Math.max(least, value));
  const partner = PARTNER[name];
  const follow = name.endsWith("Warn") ? Math.max : Math.min;
  return { ...from, [name]: limit, [partner]: follow(from[partner], limit) };
}

/** Checks what storage held; undefined unless it is a whole, orderly set. */
export function parseThresholds(stored: unknown): Thresholds | undefined {
  if (typeof stored !== "object" || stored === null) return undefined;
  const found = stored as Record<string, unknown>;
  const result = { ...DEFAULT_THRESHOLDS };
  for (const name of Object.keys(result) as ThresholdName[]) {
    const value = found[name];
    const { least, most } = spanOf(name);
    if (typeof value !== "number" || !(value >= least && value <= most)) return undefined;
    result[name] = value;
  }
  const orderly = result.p95Warn <= result.p95Crit && result.errorWarn <= result.errorCrit;
  return orderly ? result : undefined;
}

export function isDefault(thresholds: Thresholds): boolean {
  const names = Object.keys(DEFAULT_THRESHOLDS) as ThresholdName[];
  return names.every((name) => thresholds[name] === DEFAULT_THRESHOLDS[name]);
}

/** Sliders are logarithmic: from 5 to 10 ms is as far as from 5 to 10 s. */
export const SLIDER_STEPS = 200;

export function sliderPosition(value: number, { least, most }: Span): number {
  return Math.round((Math.log(value / least) / Math.log(most / least)) * SLIDER_STEPS);
}

/** The value at a position, rounded to two digits so that it reads well. */
export function sliderValue(position: number, { least, most }: Span): number {
  const exact = least * (most / least) ** (position / SLIDER_STEPS);
  return Number(exact.toPrecision(2));
}
