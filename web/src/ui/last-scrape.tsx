import { age } from "../format";
import { now } from "../state/live";

/** How long ago; a component by itself, so that the clock redraws nothing else. */
export function LastScrape({ time }: { time: number | null }) {
  return <span class="figure">{time === null ? "–" : `${age(now.value - time)} ago`}</span>;
}
