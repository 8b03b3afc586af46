import { count, times } from "../format";
import { matchingDropped } from "../model/targets";
import type { DroppedTarget, DroppedTargetList } from "../protocol";
import { route } from "../state/navigation";
import { Empty } from "../ui/parts";
import { useFocusBack } from "../ui/use-focus-back";
import { PanelHead } from "./panel";

interface Props {
  pool: string;
  dropped: DroppedTargetList | null;
}

const MOST_SHOWN = 100;

/** The targets of a pool that were left out, those that match the list's filter. */
export function DroppedPanel({ pool, dropped }: Props) {
  const kept = dropped?.targets.filter((target) => target.pool === pool) ?? [];
  const total = dropped?.counts[pool] ?? 0;
  const { targetFilter } = route.value;
  const matching = matchingDropped(kept, targetFilter);
  return (
    <section class="panel detail" aria-label="Dropped targets" ref={useFocusBack()}>
      <PanelHead title={pool}>
        <p class="facts">
          <span>{times(total, "target")} left out: by relabelling, by a limit, or because redpoll cannot scrape them</span>
        </p>
      </PanelHead>
      {total > kept.length && (
        <p class="detail-note">
          redpoll keeps the labels of {count(kept.length)} of them: keep_dropped_targets says how many.
        </p>
      )}
      {targetFilter && (
        <p class="detail-note">
          {count(matching.length)} of {count(kept.length)} contain “{targetFilter}”.
        </p>
      )}
      {total === 0 && <Empty title="No target of this pool is dropped now" />}
      <ul class="dropped-targets">
        {matching.slice(0, MOST_SHOWN).map((target, i) => <Dropped key={i} target={target} />)}
      </ul>
      {matching.length > MOST_SHOWN && (
        <p class="detail-note">and {count(matching.length - MOST_SHOWN)} more: filter the list to find one</p>
      )}
    </section>
  );
}

/** What it is called where it comes from; all that was discovered on demand. */
function Dropped({ target: { discovered, reason } }: { target: DroppedTarget }) {
  const labels = Object.entries(discovered).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <li>
      <details>
        <summary>
          <b class="target-words">{discovered["__address__"] ?? "without address"}</b>
          <span class="muted figure">{times(labels.length, "label")}</span>
        </summary>
        <p class="detail-note target-words">{reason}</p>
        <dl class="label-list">
          {labels.map(([name, value]) => (
            <div key={name}>
              <dt class="target-words">{name}</dt>
              <dd class="target-words">{value || <span class="muted">empty</span>}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}
