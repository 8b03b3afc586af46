import type { EndpointMetrics, Severity } from "../protocol";
import type { Thresholds } from "./thresholds";

/** How an endpoint is doing; "none" means that there is nothing to judge by. */
export type Status = "crit" | "warn" | "none" | "ok";

/** Most urgent first, as far as the status alone can tell. */
export const STATUSES: readonly Status[] = ["crit", "warn", "none", "ok"];

export const URGENCY: Record<Status, number> = { crit: 3, warn: 2, none: 1, ok: 0 };

/** Where a figure stands against a pair of limits; nothing observed is no fault. */
export function level(value: number | null, warn: number, crit: number): Status {
  if (value === null) return "none";
  if (value > crit) return "crit";
  return value > warn ? "warn" : "ok";
}

/** What has a mark of its own: statuses, and alerts that only inform. */
export type Mark = Status | "info";

export function severityMark(severity: Severity): "crit" | "warn" | "info" {
  switch (severity) {
    case "critical":
      return "crit";
    case "warning":
      return "warn";
    default:
      return "info";
  }
}

/** What a firing alert makes of its endpoint; to be informed is no fault. */
function severityStatus(severity: Severity | undefined): Status {
  const mark = severity ? severityMark(severity) : "info";
  return mark === "info" ? "ok" : mark;
}

function worse(a: Status, b: Status): Status {
  return URGENCY[b] > URGENCY[a] ? b : a;
}

/**
 * The worst of this browser's thresholds and of redpoll's own firing alerts on
 * the endpoint. A figure that is missing leaves the judgement to the other;
 * "none" is only where there is neither figure nor alert.
 */
export function judge(figures: EndpointMetrics, limits: Thresholds, firing: Severity | undefined): Status {
  const slow = level(figures.p95, limits.p95Warn, limits.p95Crit);
  const failing = level(figures.errorRate, limits.errorWarn, limits.errorCrit);
  const alerted = severityStatus(firing);
  if (slow === "none" && failing === "none") return alerted === "ok" ? "none" : alerted;
  return worse(worse(known(slow), known(failing)), alerted);
}

function known(status: Status): Status {
  return status === "none" ? "ok" : status;
}
