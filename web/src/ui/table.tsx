import type { Row } from "../model/board";
import { arrange } from "../model/order";
import { isPhone } from "../state/appearance";
import { board, revision } from "../state/live";
import { closeEndpoint, openEndpoint, route } from "../state/navigation";
import { EndpointRow } from "./row";
import { rowAt, slots } from "./slots";
import { EmptyTable } from "./states";
import { TableHead } from "./table-head";
import { useHeld } from "./use-held";
import { useNavigation } from "./use-navigation";
import { useViewport } from "./use-viewport";

const HEAD_HEIGHT = 30; // px, as these three are in table.css and narrow.css
const ROW_HEIGHT = 34;
const PHONE_ROW_HEIGHT = 56;

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
  const { activeIndex, pick, onFocus, onKeyDown } = useNavigation(rows, rowHeight, viewport, toggle);
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
          onClick={(event) => {
            const row = rowAt(event, rows);
            if (row) pick(row);
          }}
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

function rowID(index: number): string {
  return `row-${index}`;
}

/** Opens the endpoint's detail, or closes it where it is open. */
function toggle({ key }: Row): void {
  if (key === route.value.endpoint) closeEndpoint();
  else openEndpoint(key);
}
