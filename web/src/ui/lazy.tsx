import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { connection } from "../state/live";
import { Empty } from "./parts";

const BUSY_LIMIT = 2000; // ms; a page that is never idle must not wait for ever
const FIRST_RETRY = 1000; // ms, doubled each time
const LAST_RETRY = 60_000;

const RELOADED_AT = "redpoll.reloadedAt";
const RELOAD_PAUSE = 60_000; // ms

/**
 * Loads the whole page anew, at most once a minute; false if that was too
 * recent. Nothing is lost: what the page shows is in its URL.
 */
function reload(): boolean {
  try {
    if (Date.now() - Number(sessionStorage.getItem(RELOADED_AT)) < RELOAD_PAUSE) return false;
    sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  } catch {
    return false; // without storage there is no telling how often
  }
  location.reload();
  return true;
}

/** Safari has no requestIdleCallback. */
function whenIdle(task: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(task, { timeout: BUSY_LIMIT });
  else setTimeout(task);
}

/**
 * A component whose code is fetched once the first figures are here and the
 * page has nothing else to do, or when it is first shown: who is cut off later
 * has all parts of the page. What could not be fetched is tried again when the
 * connection is back, and now and then while it lasts.
 *
 * Some browsers never fetch a module again that was refused once, and redpoll
 * may have been updated under the open page: a part that is refused twice while
 * somebody looks at it is mended by a reload.
 */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<ComponentType<P> | "not asked" | "loading" | "failed">("not asked");
  const isMissing = () => loaded.peek() === "not asked" || loaded.peek() === "failed";
  let retry = FIRST_RETRY;
  let refused = 0;
  let shown = false;
  const start = () => {
    if (!isMissing()) return; // somebody else was faster
    loaded.value = "loading";
    load().then((component) => (loaded.value = component), fail);
  };
  const startIfLive = () => {
    if (connection.value.state !== "live" || !isMissing()) return;
    if (refused > 1 && shown && reload()) return;
    whenIdle(start);
  };
  const fail = () => {
    loaded.value = "failed";
    refused++;
    setTimeout(startIfLive, retry);
    retry = Math.min(2 * retry, LAST_RETRY);
  };
  effect(startIfLive);
  return function Lazy(props: P) {
    shown = true;
    if (loaded.value === "not asked") queueMicrotask(start);
    const Component = loaded.value;
    if (Component === "failed") {
      return (
        <Empty title="This part of the page could not be loaded">
          <p>redpoll may have been updated or cannot be reached. Reload the page.</p>
        </Empty>
      );
    }
    return typeof Component === "string" ? <Empty title="Loading…" /> : <Component {...props} />;
  };
}
