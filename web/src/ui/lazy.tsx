import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { Empty } from "./parts";

/**
 * A component whose code is fetched when it is first shown. It can be missing
 * where redpoll was updated under an open page: then a reload helps.
 */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<ComponentType<P> | "not asked" | "loading" | "failed">("not asked");
  const start = () => {
    loaded.value = "loading";
    load().then(
      (component) => (loaded.value = component),
      () => (loaded.value = "failed"),
    );
  };
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
