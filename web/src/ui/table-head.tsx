import { age } from "../format";
import type { SortKey } from "../model/order";
import { sortBy } from "../model/route";
import { TREND_LENGTH } from "../model/trend";
import { board } from "../state/live";
import { adjust, route } from "../state/navigation";

interface Column {
  title: string;
  class: string;
  /** What the title is short for. */
  words?: string;
  sort: SortKey;
}

/** In the order of the cells in row.tsx; the trend comes last. */
const COLUMNS: readonly Column[] = [
  { title: "Status", class: "cell-status", sort: "status" },
  { title: "Endpoint", class: "cell-name", sort: "name" },
  { title: "p50", class: "cell-figure wide-only", sort: "p50" },
  { title: "p95", class: "cell-figure", sort: "p95" },
  { title: "p99", class: "cell-figure wide-only", sort: "p99" },
  { title: "Errors", class: "cell-figure", sort: "errors" },
  { title: "4xx", words: "Client errors", class: "cell-figure widest-only", sort: "client" },
  { title: "Throughput", class: "cell-figure wide-only", sort: "throughput" },
];

export function TableHead() {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="row head" aria-rowindex={1}>
        {COLUMNS.map((column) => <HeadCell key={column.sort} {...column} />)}
        <span role="columnheader" class="cell-trend">p95, {age(TREND_LENGTH * board.interval)}</span>
      </div>
    </div>
  );
}

function HeadCell({ title, words, sort, class: name }: Column) {
  const view = route.value;
  const direction = sort !== view.sort ? "none" : view.descending ? "descending" : "ascending";
  return (
    <span role="columnheader" class={name} aria-sort={direction}>
      <button type="button" class={direction} title={words} onClick={() => adjust(sortBy(view, sort))}>
        {title}
      </button>
    </span>
  );
}
