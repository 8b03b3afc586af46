import { useEffect, useMemo, useState } from "preact/hooks";
import { fetchEndpointAlerts, fetchHistory, fetchMarks, type Stretch } from "../api";
import { encodeKey, type EndpointKey } from "../model/endpoint";
import { rangeLength, stepFor } from "../model/range";
import type { Route } from "../model/route";
import { seriesFrom, withLivePoint, type Series } from "../model/series";
import type { Alert, Mark } from "../protocol";
import { activeAlerts, board, connection, revision } from "../state/live";

export type Past =
  | { state: "loading" }
  | { state: "failed"; error: string }
  | { state: "ready"; series: Series; alerts: readonly Alert[]; marks: readonly Mark[] };

/** What the charts show: a zoomed stretch stands still, a range moves along. */
export interface Shown {
  stretch: Stretch;
  past: Past;
}

const LEAST_REFRESH = 15_000; // ms

/**
 * An endpoint's past, kept up to date. Where steps are short, live points are
 * appended, the one that is there already first; one of them says little about
 * ten minutes. Where steps are longer than redpoll's interval, history is asked
 * for again, which also corrects the live points that stood for several.
 * Everything is asked for again when the connection is back or an alert of the
 * endpoint changes.
 */
export function useHistory(key: EndpointKey, { range, zoom }: Pick<Route, "range" | "zoom">): Shown {
  void revision.value;
  const [past, setPast] = useState<Past>({ state: "loading" });
  const length = zoom ? zoom.to - zoom.from : rangeLength(range);
  const end = zoom?.to ?? (board.timestamp || Date.now());
  const stretch = { start: zoom?.from ?? end - length, end };
  const step = stepFor(length, board.interval);
  const follows = zoom === null;
  const appends = follows && step <= Math.max(board.interval, LEAST_REFRESH);
  const refresh = useRefresh(follows && step > board.interval ? Math.max(step, LEAST_REFRESH) : 0);
  const what = `${encodeKey(key)} ${range} ${zoom?.from} ${zoom?.to}`;

  const extended = (before: Past): Past => {
    const figures = board.find(encodeKey(key))?.figures;
    if (!appends || before.state !== "ready" || !figures) return before;
    const { timestamp } = board;
    return { ...before, series: withLivePoint(before.series, timestamp, figures, timestamp - length) };
  };

  useEffect(() => setPast({ state: "loading" }), [what]);
  useEffect(() => {
    const abort = new AbortController();
    void load(key, stretch, step, abort.signal).then((loaded) => {
      if (loaded) setPast((before) => extended(better(before, loaded)));
    });
    return () => abort.abort();
  }, [what, step, refresh, alertsAt(key), connection.value.state === "live"]);
  useEffect(() => setPast(extended), [board.timestamp]);

  return useMemo(() => ({ stretch, past }), [past, stretch.start, stretch.end]);
}

/** Charts that are there stay, rather than give way to an error. */
function better(before: Past, loaded: Past): Past {
  return loaded.state === "failed" && before.state === "ready" ? before : loaded;
}

/** Null if the answer is no longer wanted. */
async function load(key: EndpointKey, stretch: Stretch, step: number, signal: AbortSignal): Promise<Past | null> {
  try {
    const [history, alerts, marks] = await Promise.all([
      fetchHistory(key, stretch, step, signal),
      // Bands and marks are extras: charts without them are better than none.
      fetchEndpointAlerts(key, stretch, signal).catch(() => []),
      fetchMarks(key.job, stretch, signal).catch(() => []),
    ]);
    return { state: "ready", series: seriesFrom(history), alerts, marks };
  } catch (error) {
    return signal.aborted ? null : { state: "failed", error: String((error as Error).message) };
  }
}

/** Counts up every so many milliseconds; stands still at 0. */
function useRefresh(every: number): number {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => document.hidden || setTimes((before) => before + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  return times;
}

/** The endpoint's active alerts and their states as one comparable text. */
function alertsAt({ job, method, path }: EndpointKey): string {
  const here: string[] = [];
  for (const alert of activeAlerts.value.values()) {
    if (alert.path === path && alert.method === method && alert.job === job) here.push(`${alert.id} ${alert.state}`);
  }
  return here.sort().join();
}
