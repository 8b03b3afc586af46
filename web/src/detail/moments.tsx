import { useMemo } from "preact/hooks";
import { stamp } from "../format";
import { momentsOf, type Moment } from "../model/marks";
import type { Mark } from "../protocol";
import { liveMarks, now } from "../state/live";
import { zone } from "../state/preferences";
import type { Shown } from "./use-history";

const LINES_APART = 1 / 120; // of the width: nearer ones would touch

/** What history and the stream told of the job's targets in the time shown. */
export function useMoments(job: string, { past, stretch }: Shown): readonly Moment[] {
  const told = past.state === "ready" ? past.marks : NO_MARKS;
  return useMemo(() => {
    const live = liveMarks.value.filter((mark) => mark.job === job);
    const inSight = [...told, ...live].filter(({ timestamp }) => timestamp >= stretch.start && timestamp <= stretch.end);
    return momentsOf(inSight, (stretch.end - stretch.start) * LINES_APART);
  }, [told, liveMarks.value, stretch]);
}

const NO_MARKS: readonly Mark[] = [];
const MOST_LISTED = 20;

/** The lines in the charts as text, newest first. */
export function Moments({ moments }: { moments: readonly Moment[] }) {
  if (moments.length === 0) return null;
  return (
    <section class="moments" aria-labelledby="moments-title">
      <h3 id="moments-title">Restarts and deploys</h3>
      <ul>
        {moments.slice(-MOST_LISTED).reverse().map(({ time, text }) => (
          <li key={`${time} ${text}`}>
            <time>{stamp(time, zone.value, now.value)}</time> <bdi>{text}</bdi>
          </li>
        ))}
      </ul>
      {moments.length > MOST_LISTED && <p class="muted">and {moments.length - MOST_LISTED} before</p>}
    </section>
  );
}
