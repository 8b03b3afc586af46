import type { Row } from "./board";
import { URGENCY, type Status } from "./status";

export type SortKey = "status" | "name" | "p50" | "p95" | "p99" | "errors" | "client" | "throughput";

export const SORT_KEYS: readonly SortKey[] = ["status", "name", "p50", "p95", "p99", "errors", "client", "throughput"];

/** What of the table is shown, and in which order. */
export interface View {
  filter: string;
  statuses: readonly Status[]; // empty shows all
  sort: SortKey;
  descending: boolean;
}

/** The rows that the view shows, in its order. */
export function arrange(rows: readonly Row[], view: View): Row[] {
  return rows.filter(matcher(view)).sort(comparer(view));
}

/** Every word of the filter must occur somewhere in job, method or path. */
function matcher(view: View): (row: Row) => boolean {
  const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const statuses = new Set(view.statuses);
  return (row) =>
    (statuses.size === 0 || statuses.has(row.status)) && words.every((word) => row.haystack.includes(word));
}

type Compare = (a: Row, b: Row) => number;

function comparer({ sort, descending }: View): Compare {
  const sign = descending ? -1 : 1;
  switch (sort) {
    case "status":
      return chain((a, b) => sign * (rank(a) - rank(b)), byFigure("p95", -1), byName(1));
    case "name":
      return byName(sign);
    case "errors":
      return chain(byFigure("errorRate", sign), byName(1));
    case "client":
      return chain(byFigure("clientErrorRate", sign), byName(1));
    default:
      return chain(byFigure(sort, sign), byName(1));
  }
}

/** An endpoint that idles bothers nobody; one whose targets are down does. */
function rank({ status, figures }: Row): number {
  return status === "none" && figures.noData !== "target down" ? -1 : URGENCY[status];
}

function chain(...compares: Compare[]): Compare {
  return (a, b) => {
    for (const compare of compares) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

type FigureName = "p50" | "p95" | "p99" | "errorRate" | "clientErrorRate" | "throughput";

/** Missing figures come last in both directions: they are neither high nor low. */
function byFigure(name: FigureName, sign: number): Compare {
  return (a, b) => {
    const x = a.figures[name];
    const y = b.figures[name];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  };
}

/** By path, then job and method, so that the methods of one path stand together. */
function byName(sign: number): Compare {
  return (a, b) => {
    const x = a.figures;
    const y = b.figures;
    return sign * (compareText(x.path, y.path) || compareText(x.job, y.job) || compareText(x.method, y.method));
  };
}

/** By code units: localeCompare is thirty times slower, and paths are no prose. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
