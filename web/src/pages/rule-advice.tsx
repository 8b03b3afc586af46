import { fetchRules } from "../api";
import { times } from "../format";
import { adviceOfRules } from "../model/advice";
import { AdviceBlock } from "../ui/advice";
import { StatusMark } from "../ui/parts";
import { usePolled } from "../ui/use-polled";

const EVERY = 60_000; // ms: buckets change when applications do

/** A standing hint where redpoll's rules cannot be judged as exactly as they are written. */
export function RuleAdvice() {
  const { value: rules } = usePolled(fetchRules, EVERY);
  const advice = adviceOfRules(rules ?? []);
  if (advice.length === 0) return null;
  const concerned = new Set(advice.flatMap(({ rules }) => rules)).size;
  return (
    <details class="rule-advice">
      <summary>
        <StatusMark status="info" />
        The buckets are too coarse for {times(concerned, "rule")}
      </summary>
      {advice.map((one) => (
        <section key={one.text + one.yaml}>
          <h2>{one.rules.join(", ")}</h2>
          <AdviceBlock advice={one} />
        </section>
      ))}
    </details>
  );
}
