import { describe, expect, test } from "vitest";
import { Board } from "../src/model/board";
import { DEFAULT_THRESHOLDS } from "../src/model/thresholds";
import type { EndpointMetrics } from "../src/protocol";
import { endpoint, silent, snapshot, trend } from "./fixtures";

const quiet = new Map<string, never>();

function board(...snapshots: EndpointMetrics[][]): Board {
  const made = new Board();
  snapshots.forEach((endpoints, i) => made.apply(snapshot((i + 1) * 5000, endpoints), DEFAULT_THRESHOLDS, quiet));
  return made;
}

const newest = (values: Float32Array, count: number) => [...values.slice(-count)];

describe("rows", () => {
  test("keep their identity while endpoints come, go and move", () => {
    const made = board([endpoint("/a"), endpoint("/b")]);
    const [a, b] = made.rows;
    made.apply(snapshot(10_000, [endpoint("/new"), endpoint("/b"), endpoint("/a")]), DEFAULT_THRESHOLDS, quiet);
    expect(made.rows.map((row) => row.figures.path)).toEqual(["/new", "/b", "/a"]);
    expect(made.rows[2]).toBe(a);
    expect(made.rows[1]).toBe(b);
  });

  test("are told apart by job, method and path", () => {
    const made = board([endpoint("/a"), endpoint("/a", { method: "PUT" }), endpoint("/a", { job: "other" })]);
    expect(new Set(made.rows.map((row) => row.key)).size).toBe(3);
    expect(made.find("shop|PUT|/a")).toBe(made.rows[1]);
  });

  test("that are gone lose their figures, for whoever still shows them", () => {
    const made = board([endpoint("/a"), endpoint("/b")]);
    const a = made.rows[0]!;
    made.apply(snapshot(10_000, [endpoint("/b")]), DEFAULT_THRESHOLDS, quiet);
    expect(a).toMatchObject({ gone: true, status: "none", figures: { p95: null, noData: "series gone" } });
    expect(made.find(a.key)).toBeUndefined();
  });

  test("that come back start anew", () => {
    const made = board([endpoint("/a")], [], [endpoint("/a")]);
    expect(made.rows[0]).toMatchObject({ gone: false, figures: { p95: 20 } });
    expect(newest(made.rows[0]!.trend, 2)).toEqual([NaN, 20]);
  });
});

describe("all endpoints together", () => {
  test("are counted by status, and the slowest is known", () => {
    const { tally } = board([
      endpoint("/a", { errorRate: 0, p99: 100 }),
      endpoint("/b", { errorRate: 8, p99: 900 }),
      endpoint("/c", { errorRate: null, p99: null }),
      silent("/d"),
    ]);
    expect(tally.slowest?.figures.path).toBe("/b");
    expect(tally.counts).toEqual({ crit: 1, warn: 0, none: 1, ok: 2 });
  });

  test("have no slowest one where nothing is known", () => {
    expect(board([silent("/a")]).tally.slowest).toBeNull();
  });

  test("have the figures that redpoll tells, of which the trends are made", () => {
    const made = new Board();
    const total = { throughput: 40, errorRate: 2 };
    made.apply({ ...snapshot(5000, [endpoint("/a", { errorRate: 7 })]), total }, DEFAULT_THRESHOLDS, quiet);
    expect(made.total).toEqual(total);
    expect([made.throughputTrend.at(-1), made.errorTrend.at(-1)]).toEqual([40, 2]);
  });
});

describe("judging", () => {
  test("follows the limits and the firing alerts", () => {
    const made = board([endpoint("/a", { p95: 300 }), endpoint("/b")]);
    expect(made.rows.map((row) => row.status)).toEqual(["warn", "ok"]);
    made.judge({ ...DEFAULT_THRESHOLDS, p95Crit: 260 }, new Map([["shop|GET|/b", "warning"]]));
    expect(made.rows.map((row) => row.status)).toEqual(["crit", "warn"]);
    expect(made.tally.counts).toEqual({ crit: 1, warn: 1, none: 0, ok: 0 });
  });
});

describe("trends", () => {
  test("gain a point with each new snapshot, a gap where there is no value", () => {
    const made = board([endpoint("/a", { p95: 1 })], [silent("/a")], [endpoint("/a", { p95: 3 })]);
    expect(newest(made.rows[0]!.trend, 4)).toEqual([NaN, 1, NaN, 3]);
  });

  test("a snapshot that repeats the last adds none", () => {
    const made = board([endpoint("/a", { p95: 1 })]);
    made.apply(snapshot(5000, [endpoint("/a", { p95: 1 })]), DEFAULT_THRESHOLDS, quiet);
    expect(newest(made.rows[0]!.trend, 2)).toEqual([NaN, 1]);
  });

  test("what redpoll remembers goes before what arrived live since", () => {
    const made = board([endpoint("/a", { p95: 10 })], [endpoint("/a", { p95: 20 })], [endpoint("/a", { p95: 30 })]);
    made.loadTrend(trend([0, 5000, 10_000], "/a", [7, 8, 9]));
    expect(newest(made.rows[0]!.trend, 5)).toEqual([NaN, 7, 8, 9, 30]);
    expect(newest(made.throughputTrend, 4)).toEqual([1, 1, 1, 5]);
  });

  test("what redpoll remembers replaces the gap of a lost connection", () => {
    const made = board([endpoint("/a", { p95: 1 })]);
    made.apply(snapshot(50_000, [endpoint("/a", { p95: 5 })]), DEFAULT_THRESHOLDS, quiet);
    made.loadTrend(trend([40_000, 45_000, 50_000], "/a", [3, 4, 5]));
    expect(newest(made.rows[0]!.trend, 4)).toEqual([NaN, 3, 4, 5]);
  });
});
