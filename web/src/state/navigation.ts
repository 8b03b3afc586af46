import { signal } from "@preact/signals";
import { formatRoute, NOTHING_OPEN, parseRoute, type Route } from "../model/route";

/** What the URL says the page shows. */
export const route = signal<Route>(parseRoute(location.pathname, location.search));

addEventListener("popstate", () => {
  route.value = parseRoute(location.pathname, location.search);
});

/** Changes a few things in place: typing a filter must not fill the history. */
export function adjust(change: Partial<Route>): void {
  navigate(change, "replaceState");
}

/** Goes somewhere that the Back button should leave again. */
export function visit(change: Partial<Route>): void {
  navigate(change, "pushState");
}

function navigate(change: Partial<Route>, how: "pushState" | "replaceState"): void {
  const next = { ...route.peek(), ...change };
  history[how](null, "", urlOf(next));
  route.value = next;
}

/** The route's whole address. It resolves against the page's base, which may lie under a prefix. */
export function urlOf(to: Route): string {
  return new URL(formatRoute(to), document.baseURI).href;
}

/** The open endpoint, and nothing of where one had zoomed before. */
export function openEndpoint(key: string): void {
  visit({ page: "endpoints", endpoint: key, zoom: null });
}

export function closeEndpoint(): void {
  visit({ endpoint: "", zoom: null });
}

export function openTarget(id: string): void {
  visit({ page: "targets", ...NOTHING_OPEN, target: id });
}

/** Lists the targets of a pool that relabelling or a limit left out. */
export function openDropped(pool: string): void {
  visit({ page: "targets", ...NOTHING_OPEN, dropped: pool });
}

/** Closes whatever is open beside the list of targets. */
export function closeTarget(): void {
  visit(NOTHING_OPEN);
}
