import { age, stamp } from "../format";
import { byUrgency, dismiss, doubtOf, hasEnded, isDismissed, isPressing, restore, severityName } from "../model/alerts";
import { encodeKey } from "../model/endpoint";
import { severityMark } from "../model/status";
import type { Alert } from "../protocol";
import { isPhone } from "../state/appearance";
import { activeAlerts, now, revision } from "../state/live";
import { openEndpoint } from "../state/navigation";
import { dismissals, zone } from "../state/preferences";
import { AlertButton, AlertEndpoint, AlertHeadline, sinceText } from "../ui/alert-item";
import { Empty, StatusMark } from "../ui/parts";
import { ThresholdPanel } from "../ui/thresholds";
import { RuleAdvice } from "./rule-advice";
import { useAlertHistory } from "./use-alert-history";

/** A phone has no room for the thresholds beside the table, so they stand here. */
export function AlertsPage() {
  return (
    <>
      <AlertLists />
      {isPhone.value && <ThresholdPanel />}
    </>
  );
}

/** All alerts: what is on now, and what was. */
function AlertLists() {
  void revision.value;
  const active = [...activeAlerts.value.values()].sort(byUrgency);
  const inState = (state: Alert["state"]) => active.filter((alert) => alert.state === state);
  return (
    <section class="panel alerts-page" aria-label="Alerts">
      <div class="scroll" tabIndex={0} role="region" aria-label="List of alerts">
        <RuleAdvice />
        <AlertSection title="Firing" alerts={inState("firing")} empty="Nothing is firing." />
        <AlertSection title="Pending" note="met, but not yet for long enough" alerts={inState("pending")} />
        <AlertSection title="Unknown" note="no data to judge by" alerts={inState("unknown")} />
        <PastAlerts />
      </div>
    </section>
  );
}

function PastAlerts() {
  const { alerts, error, more } = useAlertHistory();
  const ended = alerts?.filter((alert) => hasEnded(alert.state) && alert.firedAt !== null);
  return (
    <>
      <AlertSection
        title="Resolved"
        alerts={ended ?? []}
        empty={error ? "" : ended ? "Nothing has fired and ended yet." : "Loading…"}
      />
      {error && (
        <Empty title="The history of alerts is not available">
          <p>{error}</p>
        </Empty>
      )}
      {more && (
        <div class="more">
          <button type="button" class="button" onClick={more}>Show older ones</button>
        </div>
      )}
    </>
  );
}

interface SectionProps {
  title: string;
  note?: string;
  alerts: readonly Alert[];
  /** What to say where there are none; without it the section is left out. */
  empty?: string;
}

function AlertSection({ title, note, alerts, empty }: SectionProps) {
  if (alerts.length === 0 && !empty) return null;
  return (
    <section class="alert-section">
      <header>
        <h2>{title}</h2>
        <span class="muted figure">{alerts.length > 0 && alerts.length}</span>
        {note && <span class="muted">{note}</span>}
      </header>
      {alerts.length === 0 && <p class="muted alert-none">{empty}</p>}
      <ul>{alerts.map((alert) => <AlertRow key={alert.id} alert={alert} />)}</ul>
    </section>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const mark = severityMark(alert.severity);
  const dismissed = isDismissed(alert, dismissals.value);
  return (
    <li class={`alert wide ${mark}${dismissed || hasEnded(alert.state) ? " quiet" : ""}`}>
      <StatusMark status={mark} />
      <button
        type="button"
        class="alert-body"
        disabled={alert.path === ""}
        onClick={() => openEndpoint(encodeKey(alert))}
      >
        <AlertHeadline alert={alert} />
        <AlertEndpoint alert={alert} />
      </button>
      <Why alert={alert} />
      <p class="alert-since">
        {severityName(alert.severity)}
        {alert.job && ` · ${alert.job}`}
        <br />
        {timeText(alert)}
      </p>
      {isPressing(alert) && <DismissButton alert={alert} dismissed={dismissed} />}
    </li>
  );
}

/** The rule's own words where it has some. */
function Why({ alert }: { alert: Alert }) {
  const words = alert.annotations?.["summary"] ?? alert.annotations?.["description"];
  const remarks = [
    alert.noData && `unknown since: ${alert.noData}`,
    alert.silencedBy && "silenced",
    doubtOf(alert),
    isDismissed(alert, dismissals.value) && "dismissed in this browser",
  ];
  return (
    <p class="alert-why">
      {words && <span>{words}</span>}
      <span class="muted">{[`rule ${alert.rule}`, ...remarks].filter(Boolean).join(" · ")}</span>
    </p>
  );
}

/** "since 10:17:59 (9 min)" or "10:02:11 – 10:09:40 (7 min)" */
function timeText(alert: Alert): string {
  const { since, resolvedAt } = alert;
  if (resolvedAt === null || since === null) return sinceText(alert);
  const [from, to] = [since, resolvedAt].map((time) => stamp(time, zone.value, now.value));
  return `${from} – ${to} (${age(resolvedAt - since)})`;
}

function DismissButton({ alert, dismissed }: { alert: Alert; dismissed: boolean }) {
  return dismissed ? (
    <AlertButton
      icon="undo"
      action="Show again"
      alert={alert}
      onClick={() => (dismissals.value = restore(alert, dismissals.value))}
    />
  ) : (
    <AlertButton
      icon="check"
      action="Dismiss"
      alert={alert}
      onClick={() => (dismissals.value = dismiss(alert, dismissals.value))}
    />
  );
}
