import type { Row } from "../model/board";
import { arrange } from "../model/order";
import { isPhone } from "../state/appearance";
import { board, revision } from "../state/live";
import { route } from "../state/navigation";
import { EndpointRow } from "./row";
import { EmptyTable } from "./states";
import { TableHead } from "./table-head";
import { useHeld } from "./use-held";
import { useNavigation } from "./use-navigation";
import { useViewport } from "./use-viewport";

const HEAD_HEIGHT = 30; // px, as these three are in table.css and narrow.css
const ROW_HEIGHT = 34;
const PHONE_ROW_HEIGHT = 56;
const OVERSCAN = 4; // rows drawn beyond each edge

/** The endpoints that the view shows, or why there are none. */
export function EndpointTable() {
  void revision.value;
  const rows = arrange(board.rows, route.value);
  return rows.length === 0 ? <EmptyTable /> : <Grid current={rows} />;
}

/**
 * Only the rows in sight are in the document, so that ten thousand cost no
 * more than thirty. While the mouse is over the rows their order holds still:
 * nobody wants to click on what has just moved away.
 */
function Grid({ current }: { current: readonly Row[] }) {
  const { filter, statuses, sort, descending, endpoint } = route.value;
  const { rows, hold, release } = useHeld(current, `${filter}|${statuses}|${sort}|${descending}`);
  const rowHeight = isPhone.value ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const viewport = useViewport(HEAD_HEIGHT);
  const { activeIndex, pick, onFocus, onKeyDown } = useNavigation(rows, rowHeight, viewport);
  return (
    <div
      class="table"
      role="grid"
      aria-label="Endpoints"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeIndex >= 0 ? rowID(activeIndex) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      <div class="table-scroller" role="presentation" ref={viewport.ref} onScroll={viewport.onScroll}>
        <TableHead />
        <div
          role="rowgroup"
          class="table-rows"
          style={{ height: `${rows.length * rowHeight}px` }}
          onPointerEnter={(event) => event.pointerType === "mouse" && hold()}
          onPointerLeave={release}
          onClick={(event) => withRowAt(event, rows, pick)}
        >
          {slots(viewport, rowHeight, rows.length).map(({ slot, index }) => (
            <EndpointRow
              key={slot}
              id={rowID(index)}
              row={rows[index]!}
              index={index}
              top={index * rowHeight}
              selected={rows[index]!.key === endpoint}
              active={index === activeIndex}
            />
          ))}
        </div>
      </div>
    </div>
  );
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

/** One listener for all rows: they tell by their index which one was hit. */
function withRowAt(event: MouseEvent, rows: readonly Row[], then: (row: Row) => void): void {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
  const row = element && rows[Number(element.dataset["index"])];
  if (row) then(row);
}
