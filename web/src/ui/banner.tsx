import { age } from "../format";
import { connection, notice, now, receivedAt, retryNow } from "../state/live";
import { Icon } from "./icon";
import { StatusMark } from "./parts";

/**
 * Tells that what is shown is old, how old, and what happens next. The
 * countdown is hidden from screen readers, which would read it every second.
 */
export function ConnectionBanner() {
  const current = connection.value;
  if (current.state === "connecting") return null;
  if (current.state === "live") return <div class="unseen" role="status">Connected</div>;
  return (
    <div class="banner" role="status">
      <StatusMark status="crit" />
      <p>
        <b>Connection lost.</b>{" "}
        <span aria-hidden="true">
          {dataAge()} {current.state === "waiting" ? countdown(current.retryAt) : "Retrying now"} (attempt{" "}
          {current.attempt}).
        </span>
      </p>
      <button type="button" class="button" onClick={retryNow}>
        Retry now
      </button>
    </div>
  );
}

function dataAge(): string {
  if (receivedAt.value === 0) return "No data received yet.";
  return `Showing data from ${age(now.value - receivedAt.value)} ago.`;
}

function countdown(retryAt: number): string {
  const seconds = Math.max(0, Math.ceil((retryAt - now.value) / 1000));
  return `Retrying in ${seconds} s`;
}

/** What redpoll complained about; it stays until somebody has read it. */
export function Notice() {
  if (!notice.value) return null;
  return (
    <div class="notice" role="alert">
      <p>{notice.value}</p>
      <button type="button" class="icon-button" aria-label="Close this message" onClick={() => (notice.value = "")}>
        <Icon name="close" />
      </button>
    </div>
  );
}
