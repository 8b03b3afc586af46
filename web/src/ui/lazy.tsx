import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { connection } from "../state/live";
import { Empty } from "./parts";

const whenIdle = globalThis.requestIdleCallback ?? setTimeout; // Safari has no such call

/**
 * A component whose code is fetched once the first figures are here and the
 * page has nothing else to do, or when it is first shown: who is cut off later
 * has all parts of the page. What could not be fetched is tried again when the
 * connection is back. It can be missing where redpoll was updated under an
 * open page: then a reload helps.
 */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<ComponentType<P> | "not asked" | "loading" | "failed">("not asked");
  const isMissing = () => loaded.peek() === "not asked" || loaded.peek() === "failed";
  const start = () => {
    if (!isMissing()) return; // somebody else was faster
    loaded.value = "loading";
    load().then(
      (component) => (loaded.value = component),
      () => (loaded.value = "failed"),
    );
  };
  effect(() => {
    if (connection.value.state === "live" && isMissing()) whenIdle(start);
  });
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
