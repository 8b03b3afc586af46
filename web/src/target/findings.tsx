import { age, count, times } from "../format";
import type { Recognised, TargetStatus } from "../protocol";
import { now } from "../state/live";
import { AdviceBlock } from "../ui/advice";
import { StatusMark } from "../ui/parts";

/** What went wrong comes first, then what was understood, and what is missing. */
export function Findings({ target }: { target: TargetStatus }) {
  const { error, warnings, skipped, skippedReason, recognised, advice } = target;
  return (
    <div class="findings">
      {error && <p class="target-error">{error}</p>}
      {warnings.map((warning) => <Warning key={warning} text={warning} />)}
      {skipped > 0 && <Warning text={`${times(skipped, "sample")} skipped: ${skippedReason}`} />}
      <RecognisedList found={recognised} />
      <IgnoredList target={target} />
      {advice.map((one) => <AdviceBlock key={one.text + one.yaml} advice={one} />)}
      <Process target={target} />
    </div>
  );
}

function Warning({ text }: { text: string }) {
  return (
    <p class="target-warning">
      <StatusMark status="warn" />
      <span class="target-words">{text}</span>
    </p>
  );
}

/** How long the process has been running, as far as it tells. */
function Process({ target: { started, restarts } }: { target: TargetStatus }) {
  const facts = [
    started !== null && `running for ${age(now.value - started)}`,
    restarts > 0 && `${times(restarts, "restart")} seen by redpoll`,
  ].filter(Boolean);
  return facts.length > 0 ? <p class="muted">{facts.join(" · ")}</p> : null;
}

function RecognisedList({ found }: { found: readonly Recognised[] }) {
  if (found.length === 0) return null;
  return (
    <ul class="recognised">
      {found.map(({ convention, family, kind, endpoints, guess, note }) => (
        <li key={`${convention} ${family}`}>
          <b>{times(endpoints, "endpoint")}</b> from the {kind} <code>{family}</code>{" "}
          {guess ? (
            <span class="guess" title="No convention names this family: its name and labels alone tell what it is">
              by guess
            </span>
          ) : (
            `by ${convention}`
          )}
          {note && ` – ${note}`}
        </li>
      ))}
    </ul>
  );
}

const MOST_IGNORED = 50;

function IgnoredList({ target: { ignored } }: { target: TargetStatus }) {
  if (ignored.length === 0) return null;
  return (
    <details class="recognised">
      <summary>{count(ignored.length)} {ignored.length === 1 ? "family" : "families"} ignored</summary>
      <ul>
        {ignored.slice(0, MOST_IGNORED).map(({ family, reason }) => (
          <li key={family}>
            <code>{family}</code> – {reason}
          </li>
        ))}
        {ignored.length > MOST_IGNORED && <li>and {count(ignored.length - MOST_IGNORED)} more</li>}
      </ul>
    </details>
  );
}
