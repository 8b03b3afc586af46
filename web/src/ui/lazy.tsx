import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { connection } from "../state/live";
import { Empty } from "./parts";

const BUSY_LIMIT = 2000; // ms; a page that is never idle must not wait for ever
const FIRST_RETRY = 1000; // ms, doubled each time
const LAST_RETRY = 60_000;

/** Safari has no requestIdleCallback. */
function whenIdle(task: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(task, { timeout: BUSY_LIMIT });
  else setTimeout(task);
}

/**
 * A component whose code is fetched once the first figures are here and the
 * page has nothing else to do, or when it is first shown: who is cut off later
 * has all parts of the page. What could not be fetched is tried again when the
 * connection is back, and now and then while it lasts. It can be missing where redpoll was updated under an
 * open page: then a reload helps.
 */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<ComponentType<P> | "not asked" | "loading" | "failed">("not asked");
  const isMissing = () => loaded.peek() === "not asked" || loaded.peek() === "failed";
  let retry = FIRST_RETRY;
  const start = () => {
    if (!isMissing()) return; // somebody else was faster
    loaded.value = "loading";
    load().then((component) => (loaded.value = component), fail);
  };
  const startIfLive = () => {
    if (connection.value.state === "live" && isMissing()) whenIdle(start);
  };
  const fail = () => {
    loaded.value = "failed";
    setTimeout(startIfLive, retry);
    retry = Math.min(2 * retry, LAST_RETRY);
  };
  effect(startIfLive);
  return function Lazy(props: P) {
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
