import { bytes, count, latency, times } from "../format";
import {
  summaryOf, tallyText, TARGET_STATUS_NAMES, type DroppedItem, type Item, type PoolItem, type TargetItem,
} from "../model/targets";
import { STATUSES } from "../model/status";
import { trendOf } from "../model/trend";
import { LastScrape } from "../ui/last-scrape";
import { FigureText, StatusMark } from "../ui/parts";
import { Sparkline } from "../ui/sparkline";

interface RowProps<T> {
  id: string;
  item: T;
  index: number;
  top: number; // px
  selected: boolean;
  active: boolean;
}

/** In the order of the cells below. */
export function TargetHead() {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="row head" aria-rowindex={1}>
        <span role="columnheader" class="cell-status">State</span>
        <span role="columnheader" class="cell-name">Target</span>
        <span role="columnheader" class="cell-figure extra">Samples</span>
        <span role="columnheader" class="cell-figure extra">Size</span>
        <span role="columnheader" class="cell-figure">Last scrape</span>
        <span role="columnheader" class="cell-figure extra">Took</span>
        <span role="columnheader" class="cell-trend extra">Last 60 scrapes</span>
      </div>
    </div>
  );
}

export function ItemRow({ item, ...place }: RowProps<Item>) {
  switch (item.kind) {
    case "pool":
      return <PoolRow item={item} {...place} />;
    case "target":
      return <TargetRow item={item} {...place} />;
    case "dropped":
      return <DroppedRow item={item} {...place} />;
  }
}

const NONE_FOUND = "no targets found; if discovery fails, the log says why";

/** What all lines have in common. */
function attributes({ id, index, top, selected, active }: Omit<RowProps<Item>, "item">, kind: string) {
  return {
    role: "row" as const,
    id,
    class: `row ${kind}${selected ? " selected" : ""}${active ? " active" : ""}`,
    style: { transform: `translateY(${top}px)` },
    "aria-rowindex": index + 2,
    "data-index": index,
  };
}

function PoolRow({ item, ...place }: RowProps<PoolItem>) {
  const { pool, counts, dropped, open } = item;
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  return (
    <div {...attributes(place, "pool")} aria-level={1} aria-expanded={open}>
      <span role="gridcell" class="pool-head" aria-colspan={7}>
        <b class="pool-name">{pool}</b>
        <span class="muted figure">{total + dropped > 0 ? times(total, "target") : NONE_FOUND}</span>
        <span class="pool-counts" title={tallyText(counts)}>
          {STATUSES.filter((status) => counts[status] > 0).map((status) => (
            <span key={status} class="figure">
              <StatusMark status={status} name={TARGET_STATUS_NAMES[status]} /> {count(counts[status])}
            </span>
          ))}
        </span>
        {dropped > 0 && <span class="muted figure">{count(dropped)} dropped</span>}
      </span>
    </div>
  );
}

function TargetRow({ item, ...place }: RowProps<TargetItem>) {
  const { target, status } = item;
  const { instance, url, job, pool, durations, health } = target;
  const { mark, text } = summaryOf(target);
  const up = health === "up";
  return (
    <div {...attributes(place, status)} aria-level={2} aria-selected={place.selected}>
      <span role="gridcell" class="cell-status">
        <StatusMark status={status} text="short" name={TARGET_STATUS_NAMES[status]} />
      </span>
      <span role="gridcell" class="target-cell">
        <span class="target-name">
          <b>{instance}</b>
          {job !== pool && <span class="target-job">job {job}</span>}
          <span class="target-url">{url}</span>
        </span>
        <span class={`target-summary ${mark}`} title={text}>{text}</span>
      </span>
      <span role="gridcell" class="cell-figure extra" title={samplesWords(item)}>
        {up ? <span class="figure">{count(target.samples)}</span> : "–"}
      </span>
      <span role="gridcell" class="cell-figure extra">
        {up ? <FigureText figure={bytes(target.bytes)} /> : "–"}
      </span>
      <span role="gridcell" class="cell-figure"><LastScrape time={target.lastScrape} /></span>
      <span role="gridcell" class="cell-figure extra"><FigureText figure={latency(target.lastDuration)} /></span>
      <span role="gridcell" class="cell-trend extra"><Sparkline line={trendOf(durations)} /></span>
    </div>
  );
}

function samplesWords({ target: { health, relabelled, added } }: TargetItem): string | undefined {
  return health === "up" ? `${count(relabelled)} after relabelling and limits, ${count(added)} new` : undefined;
}

function DroppedRow({ item: { count: n }, ...place }: RowProps<DroppedItem>) {
  return (
    <div {...attributes(place, "dropped")} aria-level={2} aria-selected={place.selected}>
      <span role="gridcell" class="dropped-head muted" aria-colspan={7}>
        {times(n, "target")} left out
        <span class="link">See which</span>
      </span>
    </div>
  );
}
