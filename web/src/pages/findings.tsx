import { age, count, times } from "../format";
import type { Advice, Recognised, TargetStatus } from "../protocol";
import { now } from "../state/live";
import { Copyable } from "../ui/copyable";

interface Props {
  target: TargetStatus;
  /** What nobody further up was told already, see freshAdvice. */
  advice: readonly Advice[];
}

/** What went wrong comes first, then what was understood, and what is missing. */
export function Findings({ target, advice }: Props) {
  const known = target.advice.length - advice.length;
  return (
    <>
      {target.error && <p class="target-error">{target.error}</p>}
      {target.skipped > 0 && (
        <p class="target-warning">
          {times(target.skipped, "sample")} skipped: {target.skippedReason}
        </p>
      )}
      <RecognisedList found={target.recognised} />
      <IgnoredList target={target} />
      {advice.map((one) => <AdviceBlock key={one.text + one.yaml} advice={one} />)}
      {known > 0 && <p class="muted">{known === 1 ? "One thing" : `${known} things`} to mend as above in this job</p>}
      <Process target={target} />
    </>
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

/** What is missing, and what to write into the configuration to mend it. */
export function AdviceBlock({ advice: { text, yaml } }: { advice: Advice }) {
  return (
    <div class="advice">
      <p>{text}</p>
      {yaml && <Copyable text={yaml} what="configuration" />}
    </div>
  );
}
