import { SORT_KEYS, type SortKey, type View } from "./order";
import { parseRange, type Range } from "./range";
import { STATUSES, type Status } from "./status";

export type Page = "endpoints" | "alerts" | "targets";

/** Everything worth sharing about what the page shows: it lives in the URL. */
export interface Route extends View {
  page: Page;
  /** The open endpoint's key, see encodeKey; empty if none is. */
  endpoint: string;
  range: Range;
  /** Whether the open endpoint's instances are compared. */
  instances: boolean;
  /** A stretch that was zoomed into, Unix ms; it overrides the range. */
  zoom: { from: number; to: number } | null;
  /** What of the targets is shown: every word occurs, and the status is one of these. */
  targetFilter: string;
  targetStatuses: readonly Status[]; // empty shows all
  /** The open target's ID; empty if none is. */
  target: string;
  /** The pool whose dropped targets are shown; empty if none is. */
  dropped: string;
  /** Whether the open target's exposition is looked at. */
  exposition: boolean;
}

/** What a page is left with: nothing open on it. */
export const NOTHING_OPEN = {
  endpoint: "", zoom: null, target: "", dropped: "", exposition: false,
} satisfies Partial<Route>;

const DEFAULT_SORT = "-status";

export function parseRoute(pathname: string, search: string): Route {
  const query = new URLSearchParams(search);
  return {
    page: parsePage(pathname),
    filter: query.get("q") ?? "",
    statuses: parseStatuses(query.get("st")),
    ...parseSort(query.get("sort")),
    endpoint: query.get("ep") ?? "",
    range: parseRange(query.get("range")),
    instances: query.get("instances") === "1",
    zoom: parseZoom(query.get("from"), query.get("to")),
    targetFilter: query.get("tq") ?? "",
    targetStatuses: parseStatuses(query.get("tst")),
    target: query.get("target") ?? "",
    dropped: query.get("dropped") ?? "",
    exposition: query.get("exposition") === "1",
  };
}

function parsePage(pathname: string): Page {
  switch (pathname.split("/").findLast(Boolean)) {
    case "alerts":
      return "alerts";
    case "targets":
      return "targets";
    default:
      return "endpoints";
  }
}

function parseSort(text: string | null): Pick<View, "sort" | "descending"> {
  const wanted = text ?? DEFAULT_SORT;
  const sort = SORT_KEYS.find((key) => key === wanted.replace(/^-/, ""));
  return sort ? { sort, descending: wanted.startsWith("-") } : { sort: "status", descending: true };
}

function parseStatuses(text: string | null): Status[] {
  const named = (text ?? "").split(",");
  return STATUSES.filter((status) => named.includes(status));
}

function formatStatuses(statuses: readonly Status[]): string {
  return STATUSES.filter((status) => statuses.includes(status)).join(",");
}

function parseZoom(from: string | null, to: string | null): Route["zoom"] {
  const [start, end] = [Number(from), Number(to)];
  return start > 0 && end > start && Number.isSafeInteger(end) ? { from: start, to: end } : null;
}

/** The URL of a route, relative to the page's base; defaults are left out. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  const sort = (route.descending ? "-" : "") + route.sort;
  if (route.filter) query.set("q", route.filter);
  if (route.statuses.length > 0) query.set("st", formatStatuses(route.statuses));
  if (sort !== DEFAULT_SORT) query.set("sort", sort);
  if (route.range !== parseRange(null)) query.set("range", route.range);
  if (route.zoom) {
    query.set("from", String(route.zoom.from));
    query.set("to", String(route.zoom.to));
  }
  if (route.instances) query.set("instances", "1");
  if (route.endpoint) query.set("ep", route.endpoint);
  if (route.targetFilter) query.set("tq", route.targetFilter);
  if (route.targetStatuses.length > 0) query.set("tst", formatStatuses(route.targetStatuses));
  if (route.target) query.set("target", route.target);
  if (route.dropped) query.set("dropped", route.dropped);
  if (route.exposition) query.set("exposition", "1");
  // Commas and bars need no escape in a query, and URLs are read by people.
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%7C", "|").replaceAll("%2F", "/");
  const path = route.page === "endpoints" ? "./" : route.page;
  return text ? `${path}?${text}` : path;
}

/** Sorting by another column starts with the worst; by the same one, it turns. */
export function sortBy(route: Route, key: SortKey): Pick<View, "sort" | "descending"> {
  if (route.sort === key) return { sort: key, descending: !route.descending };
  return { sort: key, descending: key !== "name" };
}
