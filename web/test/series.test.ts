import { describe, expect, test } from "vitest";
import { parseRange, RANGES, stepFor } from "../src/model/range";
import { bandsOf, lonely, quantileAt, seriesFrom, stretches, withLivePoint } from "../src/model/series";
import type { History } from "../src/protocol";
import { alert, endpoint } from "./fixtures";

function history(p95: (number | null)[], step = 5000): History {
  const same = p95.map((value) => value);
  return {
    job: "shop", method: "GET", path: "/", start: 0, end: p95.length * step, step,
    timestamps: p95.map((_, i) => i * step),
    p50: same, p95: same, p99: same, mean: same,
    p50Lower: same, p50Upper: same, p95Lower: same, p95Upper: same, p99Lower: same, p99Upper: same,
    errorRate: same, clientErrorRate: same, throughput: same, requests: same,
  };
}

describe("a series", () => {
  test("leaves out the empty steps at the end, and keeps gaps inside", () => {
    const series = seriesFrom(history([1, null, 3, null, null]));
    expect(series.timestamps).toEqual([0, 5000, 10_000]);
    expect(series.p95).toEqual([1, null, 3]);
  });

  test("grows by live points and drops what is no longer shown", () => {
    const series = withLivePoint(seriesFrom(history([1, 2, 3])), 15_400, endpoint("/", { p95: 4 }), 5000);
    expect(series.timestamps).toEqual([5000, 10_000, 15_400]);
    expect(series.p95).toEqual([2, 3, 4]);
  });

  test("does not tell twice what history has told", () => {
    const series = seriesFrom(history([1, 2, 3]));
    expect(withLivePoint(series, 12_000, endpoint("/"), 0)).toBe(series);
  });

  test("starts from nothing", () => {
    const series = withLivePoint(seriesFrom(history([])), 15_000, endpoint("/", { p95: 4 }), 5000);
    expect(series.p95).toEqual([4]);
  });

  test("knows the bounds of its quantiles, also of live ones", () => {
    const past = { ...history([null, 480]), p95Lower: [null, 250], p95Upper: [null, null] };
    const live = endpoint("/", { p95: 20, ranges: [null, [10, 25], null] });
    const series = withLivePoint(seriesFrom(past), 15_000, live, 0);
    expect([0, 1, 2].map((i) => quantileAt(series, "p95", i))).toEqual([
      { value: null, range: null, own: false },
      { value: 480, range: [250, null], own: false },
      { value: 20, range: [10, 25], own: false },
    ]);
    const own = withLivePoint(series, 20_000, endpoint("/", { p95: 7, own: true, ranges: [null, [7, 7], null] }), 0);
    expect(quantileAt(own, "p95", 3)).toEqual({ value: 7, range: [7, 7], own: true });
    expect(quantileAt(own, "p50", 3)).toEqual({ value: 10, range: null, own: false });
  });

  test("holds no more than it shows, however long the page is open", () => {
    let series = seriesFrom(history([1]));
    for (let time = 5000; time < 5_000_000; time += 5000) {
      series = withLivePoint(series, time, endpoint("/"), time - 300_000);
    }
    expect(series.timestamps.length).toBeLessThanOrEqual(61);
  });
});

test("values between gaps stand alone, those with a neighbour do not", () => {
  expect(lonely([1, null, 2, 3, null, 4, null, null, 5])).toEqual([0, 5, 8]);
  expect(lonely([null, null])).toEqual([]);
});

test("stretches lie between gaps", () => {
  expect(stretches([1, 0, null, 3, null, null, 4])).toEqual([[0, 2], [3, 4], [6, 7]]);
  expect(stretches([null])).toEqual([]);
});

test("bands are the times in which alerts on that metric fired", () => {
  const alerts = [
    alert("1", { firedAt: 100, resolvedAt: 200 }),
    alert("2", { firedAt: 300, severity: "critical", type: "p99" }),
    alert("3", { firedAt: null, state: "pending" }),
    alert("4", { firedAt: 50, type: "error_rate" }),
  ];
  expect(bandsOf(alerts, (type) => type.startsWith("p"))).toEqual([
    { from: 100, to: 200, mark: "warn" },
    { from: 300, to: null, mark: "crit" },
  ]);
});

test("steps are round, no finer than the interval, and no more than a chart has pixels", () => {
  const minutes = 60_000;
  expect(stepFor(5 * minutes, 5000)).toBe(5000);
  expect(stepFor(30 * minutes, 5000)).toBe(5000);
  expect(stepFor(60 * minutes, 5000)).toBe(10_000);
  expect(stepFor(5 * minutes, 100)).toBe(1000);
  expect(stepFor(5 * minutes, 60_000)).toBe(60_000);
  expect(stepFor(30 * 24 * 60 * minutes, 5000)).toBe(2 * 60 * minutes);
  expect(stepFor(1000 * 24 * 60 * minutes, 5000)).toBe(24 * 60 * minutes);
});

test("ranges go no further back than redpoll keeps history by default", () => {
  expect(RANGES).toEqual(["5m", "15m", "30m", "1h", "6h", "24h", "7d"]);
  expect(parseRange("30d")).toBe("15m");
});
