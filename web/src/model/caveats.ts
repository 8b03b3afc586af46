import { times } from "../format";
import type { Alert, TargetCount } from "../protocol";
import { byUrgency, isDismissed, type ActiveAlerts, type Dismissals } from "./alerts";
import type { Page } from "./route";
import { severityMark, type Mark } from "./status";

/** A reason why a silent list of alerts is no good news, and the page that tells more. */
export interface Caveat {
  mark: Mark;
  text: string;
  page: Page;
}

/** What keeps "nothing is firing" from being the whole truth, the worst first. */
export function caveatsOf(targets: TargetCount, active: ActiveAlerts, dismissals: Dismissals): Caveat[] {
  const alerts = [...active.values()];
  const unknown = alerts.filter(({ state }) => state === "unknown").length;
  return [...dismissed(alerts, dismissals), ...down(targets), ...unjudged(unknown)];
}

function dismissed(alerts: readonly Alert[], dismissals: Dismissals): Caveat[] {
  const hidden = alerts.filter((alert) => alert.state === "firing" && isDismissed(alert, dismissals)).sort(byUrgency);
  if (!hidden[0]) return [];
  const text = `${times(hidden.length, "firing alert")} ${are(hidden.length)} dismissed in this browser`;
  return [{ mark: severityMark(hidden[0].severity), text, page: "alerts" }];
}

function down({ up, unknown, total }: TargetCount): Caveat[] {
  const n = total - up - unknown;
  if (n === 0) return [];
  const text = `${n} of ${times(total, "target")} ${are(n)} down: nothing can be judged there`;
  return [{ mark: "crit", text, page: "targets" }];
}

function unjudged(n: number): Caveat[] {
  if (n === 0) return [];
  return [{ mark: "none", text: `${times(n, "alert")} ${are(n)} unknown: no data to judge by`, page: "alerts" }];
}

function are(n: number): string {
  return n === 1 ? "is" : "are";
}
