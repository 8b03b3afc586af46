import { useMemo } from "preact/hooks";
import { compareLabels, type ComparedLabel, type LabelChange } from "../model/labels";
import type { TargetStatus } from "../protocol";

const CHANGE_NAMES: Record<LabelChange, string> = {
  changed: "changed",
  added: "added",
  removed: "removed",
  kept: "",
  internal: "",
};

/** The labels before and after relabelling, side by side. */
export function ComparedLabels({ target: { discovered, labels } }: { target: TargetStatus }) {
  const compared = useMemo(() => compareLabels(discovered, labels), [discovered, labels]);
  const lasting = compared.filter(({ change }) => change !== "internal");
  const internal = compared.filter(({ change }) => change === "internal");
  return (
    <section class="labels" aria-label="Labels">
      <table>
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col">Discovered</th>
            <th scope="col">After relabelling</th>
          </tr>
        </thead>
        <tbody>
          {lasting.map((label) => <LabelRow key={label.name} label={label} />)}
        </tbody>
        {internal.length > 0 && (
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={3} class="labels-note muted">
                For relabelling only: labels that begin with two underscores never stay
              </th>
            </tr>
            {internal.map((label) => <LabelRow key={label.name} label={label} />)}
          </tbody>
        )}
      </table>
    </section>
  );
}

function LabelRow({ label: { name, before, after, change } }: { label: ComparedLabel }) {
  return (
    <tr class={change}>
      <th scope="row">
        <span class="target-words">{name}</span>
        {CHANGE_NAMES[change] && <span class="label-change">{CHANGE_NAMES[change]}</span>}
      </th>
      <Value text={before} />
      <Value text={after} />
    </tr>
  );
}

/** An empty value is a value; none is a dash. */
function Value({ text }: { text: string | null }) {
  if (text === null) return <td class="muted">–</td>;
  return <td>{text === "" ? <span class="muted">empty</span> : <span class="target-words">{text}</span>}</td>;
}
