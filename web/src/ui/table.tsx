import { useState } from "preact/hooks";
import type { Row } from "../model/board";
import { arrange, type SortKey } from "../model/order";
import { sortBy } from "../model/route";
import { isPhone } from "../state/appearance";
import { board, revision } from "../state/live";
import { adjust, closeEndpoint, openEndpoint, route } from "../state/navigation";
import { EndpointRow } from "./row";
import { EmptyTable } from "./states";
import { useHeld } from "./use-held";
import { useViewport } from "./use-viewport";

const HEAD_HEIGHT = 30; // px, as in table.css
const ROW_HEIGHT = 34;
const PHONE_ROW_HEIGHT = 56;
const OVERSCAN = 4; // rows drawn beyond each edge

interface Column {
  title: string;
  class: string;
  sort?: SortKey;
}

const COLUMNS: readonly Column[] = [
  { title: "Status", class: "cell-status", sort: "status" },
  { title: "Endpoint", class: "cell-name", sort: "name" },
  { title: "p50", class: "cell-figure wide-only", sort: "p50" },
  { title: "p95", class: "cell-figure", sort: "p95" },
  { title: "p99", class: "cell-figure wide-only", sort: "p99" },
  { title: "Errors", class: "cell-figure", sort: "errors" },
  { title: "Throughput", class: "cell-figure wide-only", sort: "throughput" },
  { title: "p95, 5 min", class: "cell-trend" },
];

/**
 * The endpoints. Only the rows in sight are in the document, so that ten
 * thousand cost no more than thirty. While the mouse is over the rows their
 * order holds still: nobody wants to click on what has just moved away.
 */
export function EndpointTable() {
  void revision.value;
  const view = route.value;
  const held = useHeld(arrange(board.rows, view), `${view.filter}|${view.statuses}|${view.sort}|${view.descending}`);
  const { rows } = held;
  const viewport = useViewport();
  const [active, setActive] = useState("");
  const rowHeight = isPhone.value ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const activeIndex = rows.findIndex((row) => row.key === active);

  const toggle = (key: string) => (key === view.endpoint ? closeEndpoint() : openEndpoint(key));
  const moveTo = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setActive(rows[to]?.key ?? "");
    viewport.reveal(to * rowHeight, rowHeight, HEAD_HEIGHT);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(viewport.height / rowHeight) - 1);
    const target = keyTarget(event.key, activeIndex, page, rows.length);
    if (target !== null) moveTo(target);
    else if (event.key === "Enter" && activeIndex >= 0) toggle(active);
    else if (event.key === "Escape" && view.endpoint) closeEndpoint();
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const row = rowAt(event, rows);
    if (!row) return;
    setActive(row.key);
    toggle(row.key);
  };

  return (
    <div
      class="table"
      role="grid"
      aria-label="Endpoints"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeIndex >= 0 ? rowID(activeIndex) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => active === "" && setActive(rows[0]?.key ?? "")}
    >
      <div class="table-scroller" role="presentation" ref={viewport.ref} onScroll={viewport.onScroll}>
        <HeadRow onSort={held.release} />
        <div
          role="rowgroup"
          class="table-rows"
          style={{ height: `${rows.length * rowHeight}px` }}
          onPointerEnter={(event) => event.pointerType === "mouse" && held.hold()}
          onPointerLeave={held.release}
          onClick={onClick}
        >
          {slots(viewport, rowHeight, rows.length).map(({ slot, index }) => (
            <EndpointRow
              key={slot}
              id={rowID(index)}
              row={rows[index]!}
              index={index}
              top={index * rowHeight}
              selected={rows[index]!.key === view.endpoint}
              active={index === activeIndex}
            />
          ))}
        </div>
        {rows.length === 0 && <EmptyTable />}
      </div>
    </div>
  );
}

function HeadRow({ onSort }: { onSort: () => void }) {
  const { sort, descending } = route.value;
  const pick = (key: SortKey) => {
    onSort();
    adjust(sortBy(route.value, key));
  };
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="row head" aria-rowindex={1}>
        {COLUMNS.map((column) => {
          const direction = column.sort !== sort ? "none" : descending ? "descending" : "ascending";
          return (
            <span key={column.title} role="columnheader" class={column.class} aria-sort={column.sort && direction}>
              {column.sort ? (
                <button type="button" class={direction} onClick={() => pick(column.sort!)}>
                  {column.title}
                </button>
              ) : (
                column.title
              )}
            </span>
          );
        })}
      </div>
    </div>
  );
}

/** Where a key leads from the active row; null for keys that lead nowhere. */
function keyTarget(key: string, active: number, page: number, length: number): number | null {
  switch (key) {
    case "ArrowDown":
      return active + 1;
    case "ArrowUp":
      return active - 1;
    case "PageDown":
      return active + page;
    case "PageUp":
      return active - page;
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return null;
  }
}

/**
 * The rows in sight. Each takes the slot of its index modulo the number of
 * slots, so that scrolling refills the elements that left instead of making
 * new ones.
 */
function slots(viewport: { top: number; height: number }, rowHeight: number, length: number) {
  const first = Math.max(0, Math.floor(viewport.top / rowHeight) - OVERSCAN);
  const size = Math.ceil(viewport.height / rowHeight) + 2 * OVERSCAN;
  const last = Math.min(length, first + size);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => ({ index: first + i, slot: (first + i) % size }));
}

function rowID(index: number): string {
  return `row-${index}`;
}

function rowAt(event: MouseEvent, rows: readonly Row[]): Row | undefined {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
  return element ? rows[Number(element.dataset["index"])] : undefined;
}
