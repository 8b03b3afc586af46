import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { listTargets, type Item } from "../model/targets";
import type { DroppedTargetList, TargetStatus } from "../protocol";
import { isPhone } from "../state/appearance";
import { adjust, closeTarget, openDropped, openTarget, route } from "../state/navigation";
import { Empty } from "../ui/parts";
import { rowAt, slots } from "../ui/slots";
import { useHeld } from "../ui/use-held";
import { useNavigation } from "../ui/use-navigation";
import { useViewport } from "../ui/use-viewport";
import { ItemRow, TargetHead } from "./target-row";

const HEAD_HEIGHT = 30; // px, as these three are in targets.css and narrow.css
const ROW_HEIGHT = 46;
const PHONE_ROW_HEIGHT = 60;

/** Pools whose targets are folded away, for as long as the page lives. */
const closedPools = signal<ReadonlySet<string>>(new Set());

interface Props {
  targets: readonly TargetStatus[];
  dropped: DroppedTargetList | null;
}

/** The pools and their targets that the view shows, or why there are none. */
export function TargetList({ targets, dropped }: Props) {
  const { targetFilter: filter, targetStatuses: statuses } = route.value;
  const closed = closedPools.value;
  const items = useMemo(
    () => listTargets(targets, dropped, { filter, statuses, closed }),
    [targets, dropped, filter, statuses, closed],
  );
  if (items.length === 0) return <NothingMatches />;
  return <Tree items={items} view={`${filter}|${statuses}|${[...closed].join("|")}`} />;
}

function NothingMatches() {
  return (
    <Empty title="No target matches">
      <p>Job, URL and labels are looked through, those of dropped targets as well.</p>
      <button type="button" class="button" onClick={() => adjust({ targetFilter: "", targetStatuses: [] })}>
        Show all
      </button>
    </Empty>
  );
}

/**
 * Only the lines in sight are in the document. While the mouse is over them
 * their order holds still, as in the table of endpoints.
 */
function Tree({ items, view }: { items: readonly Item[]; view: string }) {
  const { rows: held, hold, release } = useHeld(items, view);
  const rows = useFresh(held, items);
  const rowHeight = isPhone.value ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const viewport = useViewport(HEAD_HEIGHT);
  const { activeIndex, pick, onFocus, onKeyDown } = useNavigation(rows, rowHeight, viewport, pickItem);
  return (
    <div
      class="table table-scroller"
      role="treegrid"
      aria-label="Targets by pool"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeIndex >= 0 ? rowID(activeIndex) : undefined}
      tabIndex={0}
      onKeyDown={(event) => (foldByKey(event, rows[activeIndex]) ? event.preventDefault() : onKeyDown(event))}
      onFocus={onFocus}
      ref={viewport.ref}
      onScroll={viewport.onScroll}
    >
      <TargetHead />
      <div
        role="rowgroup"
        class="table-rows"
        style={{ height: `${rows.length * rowHeight}px` }}
        onPointerEnter={(event) => event.pointerType === "mouse" && hold()}
        onPointerLeave={release}
        onClick={(event) => {
          const row = rowAt(event, rows);
          if (row) pick(row);
        }}
      >
        {slots(viewport, rowHeight, rows.length).map(({ slot, index }) => (
          <ItemRow
            key={slot}
            id={rowID(index)}
            item={rows[index]!}
            index={index}
            top={index * rowHeight}
            selected={isOpen(rows[index]!)}
            active={index === activeIndex}
          />
        ))}
      </div>
    </div>
  );
}

/** Held lines with what is known now; each poll brings new objects. */
function useFresh(held: readonly Item[], items: readonly Item[]): readonly Item[] {
  return useMemo(() => {
    if (held === items) return items;
    const fresh = new Map(items.map((item) => [item.key, item]));
    return held.map((item) => fresh.get(item.key) ?? item);
  }, [held, items]);
}

function rowID(index: number): string {
  return `target-row-${index}`;
}

function isOpen(item: Item): boolean {
  switch (item.kind) {
    case "pool":
      return false;
    case "target":
      return item.target.id === route.value.target;
    case "dropped":
      return item.pool === route.value.dropped;
  }
}

/** Folds a pool away or open; opens the others beside the list, or closes them. */
function pickItem(item: Item): void {
  if (item.kind === "pool") fold(item.pool, item.open);
  else if (isOpen(item)) closeTarget();
  else if (item.kind === "target") openTarget(item.target.id);
  else openDropped(item.pool);
}

function fold(pool: string, away: boolean): void {
  const closed = new Set(closedPools.value);
  if (away) closed.add(pool);
  else closed.delete(pool);
  closedPools.value = closed;
}

/** Arrows to the side, as in any tree; true if the key was meant for that. */
function foldByKey({ key }: KeyboardEvent, item: Item | undefined): boolean {
  if (item?.kind !== "pool" || (key !== "ArrowLeft" && key !== "ArrowRight")) return false;
  fold(item.pool, key === "ArrowLeft");
  return true;
}
