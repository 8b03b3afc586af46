import { useMemo } from "preact/hooks";
import { fetchDropped, fetchTargets } from "../api";
import { count } from "../format";
import { tally, tallyText, TARGET_STATUS_NAMES, type Tally } from "../model/targets";
import type { DroppedTargetList, TargetStatus } from "../protocol";
import { board } from "../state/live";
import { adjust, closeTarget, route } from "../state/navigation";
import { Filters } from "../ui/filters";
import { lazy } from "../ui/lazy";
import { Empty } from "../ui/parts";
import { NoTargets } from "../ui/states";
import { useEscape } from "../ui/use-escape";
import { usePolled } from "../ui/use-polled";
import { TargetList } from "./target-list";

const TargetPanel = lazy(() => import("../target").then((module) => module.TargetPanel));
const DroppedPanel = lazy(() => import("../target").then((module) => module.DroppedPanel));

const DEFAULT_INTERVAL = 5000; // ms
const DROPPED_INTERVAL = 30_000; // ms: they change when discovery or the configuration does

/** Who is scraped, how that goes, and what was understood. */
export function TargetsPage() {
  const { value: targets, error } = usePolled(fetchTargets, board.interval || DEFAULT_INTERVAL);
  const { value: dropped, error: droppedError } = usePolled(fetchDropped, DROPPED_INTERVAL);
  if (targets === null) return error ? <Unavailable error={error} /> : <Empty title="Loading targets…" />;
  if (targets.length === 0 && droppedCount(dropped) === 0) return <NoTargets />;
  return <Overview targets={targets} dropped={dropped} error={error || droppedError} />;
}

function Unavailable({ error }: { error: string }) {
  return (
    <Empty title="The list of targets is not available">
      <p>{error}</p>
    </Empty>
  );
}

function droppedCount(dropped: DroppedTargetList | null): number {
  return Object.values(dropped?.counts ?? {}).reduce((sum, n) => sum + n, 0);
}

interface Props {
  targets: readonly TargetStatus[];
  dropped: DroppedTargetList | null;
  error: string;
}

/** The list, and beside it what is open. */
function Overview({ targets, dropped, error }: Props) {
  const { target, dropped: pool, exposition } = route.value;
  const counts = useMemo(() => tally(targets), [targets]);
  // The Escape that closes the exposition is not for what lies below it.
  useEscape((target !== "" || pool !== "") && !exposition, closeTarget);
  return (
    <div class={`targets${target || pool ? " with-panel" : ""}`}>
      <section class="panel list" aria-labelledby="targets-title">
        <header class="panel-head">
          <h2 id="targets-title">Targets</h2>
          <span class="muted figure">{totals(targets, counts, dropped)}</span>
          {error && <span class="crit">Not up to date: {error}</span>}
        </header>
        <TargetFilters counts={counts} />
        <TargetList targets={targets} dropped={dropped} />
      </section>
      {target ? (
        <TargetPanel key={target} id={target} target={targets.find(({ id }) => id === target)} />
      ) : (
        pool && <DroppedPanel key={pool} pool={pool} dropped={dropped} />
      )}
    </div>
  );
}

/** "22 of 24 up", and whatever else there is. */
function totals(targets: readonly TargetStatus[], counts: Tally, dropped: DroppedTargetList | null): string {
  const up = counts.ok + counts.warn;
  const others = tallyText({ ...counts, ok: 0 });
  const left = droppedCount(dropped);
  return [`${count(up)} of ${count(targets.length)} up`, others, left > 0 && `${count(left)} dropped`].filter(Boolean).join(" · ");
}

function TargetFilters({ counts }: { counts: Tally }) {
  const { targetFilter, targetStatuses } = route.value;
  return (
    <Filters
      label="Filter targets"
      placeholder="Filter by job, URL or label"
      filter={targetFilter}
      statuses={targetStatuses}
      names={TARGET_STATUS_NAMES}
      counts={counts}
      onFilter={(text) => adjust({ targetFilter: text })}
      onStatuses={(picked) => adjust({ targetStatuses: picked })}
    />
  );
}
