import type { Advice } from "../protocol";
import { Copyable } from "./copyable";

/** What is missing, and what to write into the configuration to mend it. */
export function AdviceBlock({ advice: { text, yaml } }: { advice: Advice }) {
  return (
    <div class="advice">
      <p>{text}</p>
      {yaml && <Copyable text={yaml} what="configuration" />}
    </div>
  );
}
