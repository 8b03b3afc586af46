import { age, inUnit, plain, stamp } from "../format";
import { currentReading, hasEnded, metricName, readingText, severityName } from "../model/alerts";
import { encodeKey, endpointName } from "../model/endpoint";
import { quantileWords } from "../model/quantile";
import { severityMark } from "../model/status";
import type { Alert } from "../protocol";
import { board, now } from "../state/live";
import { openEndpoint } from "../state/navigation";
import { zone } from "../state/preferences";
import { Icon, type IconName } from "./icon";
import { EndpointName, StatusMark } from "./parts";

/** What was measured against which limit: "p95 latency 924 ms", "limit 500 ms". */
export function AlertHeadline({ alert }: { alert: Alert }) {
  const current = currentReading(alert, board.find(encodeKey(alert)));
  const known = current.value !== null;
  return (
    <span class="alert-headline">
      <b title={quantileWords(current)}>
        {metricName(alert.type)} {known && readingText(alert, current)}
        {known && hasEnded(alert.state) && " at worst"}
      </b>
      <span class="alert-limit">
        {alert.direction === "below" ? "at least" : "limit"} {plain(inUnit(alert.threshold, alert.unit))}
      </span>
    </span>
  );
}

/** The endpoint that it is about; a signal has none. */
export function AlertEndpoint({ alert }: { alert: Alert }) {
  if (alert.path === "") return null;
  return (
    <span class="alert-endpoint">
      <EndpointName method={alert.method} path={alert.path} />
    </span>
  );
}

/** One firing alert in the list beside the table. */
export function AlertItem({ alert, onDismiss }: { alert: Alert; onDismiss: () => void }) {
  const mark = severityMark(alert.severity);
  return (
    <li class={`alert ${mark}`}>
      <StatusMark status={mark} />
      <button
        type="button"
        class="alert-body"
        disabled={alert.path === ""}
        onClick={() => openEndpoint(encodeKey(alert))}
      >
        <AlertHeadline alert={alert} />
        <AlertEndpoint alert={alert} />
        <span class="alert-since">
          {[severityName(alert.severity), alert.job, sinceText(alert)].filter(Boolean).join(" · ")}
        </span>
      </button>
      <AlertButton icon="check" action="Dismiss" alert={alert} onClick={onDismiss} />
    </li>
  );
}

export function AlertButton(props: { icon: IconName; action: string; alert: Alert; onClick: () => void }) {
  const { alert } = props;
  const what = `${metricName(alert.type)}${alert.path ? ` at ${endpointName(alert)}` : ""}`;
  return (
    <button
      type="button"
      class="icon-button"
      title={`${props.action} in this browser`}
      aria-label={`${props.action}: ${what}`}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** "since 10:17:59 (9 min)" */
export function sinceText({ since }: Alert): string {
  if (since === null) return "";
  return `since ${stamp(since, zone.value, now.value)} (${age(now.value - since)})`;
}
