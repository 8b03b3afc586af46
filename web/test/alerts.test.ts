import { describe, expect, test } from "vitest";
import {
  activeFrom, byUrgency, currentReading, dismiss, firingByEndpoint, isDismissed, metricName, parseDismissals, readingText,
  restore, withTransitions,
} from "../src/model/alerts";
import { Board } from "../src/model/board";
import { DEFAULT_THRESHOLDS } from "../src/model/thresholds";
import { alert, endpoint, snapshot } from "./fixtures";

describe("active alerts", () => {
  test("change by id, and leave when they have ended", () => {
    const start = activeFrom([alert("1", { state: "pending" }), alert("2")]);
    const next = withTransitions(start, [alert("1"), alert("2", { state: "resolved" }), alert("3", { state: "unknown" })]);
    expect([...next.values()].map(({ id, state }) => `${id} ${state}`)).toEqual(["1 firing", "3 unknown"]);
    expect(start.size).toBe(2);
    expect(withTransitions(next, [alert("1", { state: "inactive" })]).has("1")).toBe(false);
  });

  test("without transitions stay the same object", () => {
    const active = activeFrom([alert("1")]);
    expect(withTransitions(active, [])).toBe(active);
  });

  test("are ordered by severity, then the newest first", () => {
    const sorted = [
      alert("old", { since: 1 }), alert("new", { since: 9 }), alert("crit", { severity: "critical", since: 0 }),
      alert("info", { severity: "info", since: 99 }),
    ].sort(byUrgency);
    expect(sorted.map(({ id }) => id)).toEqual(["crit", "new", "old", "info"]);
  });
});

test("only what fires colours an endpoint, by its worst; signals have no endpoint", () => {
  const firing = firingByEndpoint(
    activeFrom([
      alert("1"), alert("2", { severity: "critical" }), alert("3"),
      alert("4", { path: "/carts", state: "pending" }),
      alert("5", { path: "", job: "", method: "" }),
    ]),
  );
  expect([...firing]).toEqual([["shop|GET|/orders", "critical"]]);
});

describe("dismissing", () => {
  test("hides one firing, not the next", () => {
    const hidden = dismiss(alert("1"), {});
    expect(isDismissed(alert("1"), hidden)).toBe(true);
    expect(isDismissed(alert("1", { since: 2000 }), hidden)).toBe(false);
    expect(isDismissed(alert("1"), restore(alert("1"), hidden))).toBe(false);
  });

  test("does not hide an alert that gets worse, only one that gets better", () => {
    const hidden = dismiss(alert("1", { severity: "warning" }), {});
    expect(isDismissed(alert("1", { severity: "critical" }), hidden)).toBe(false);
    expect(isDismissed(alert("1", { severity: "info" }), hidden)).toBe(true);
    const worse = dismiss(alert("1", { severity: "critical" }), hidden);
    expect(isDismissed(alert("1", { severity: "critical" }), worse)).toBe(true);
  });

  test("keeps the newest two hundred", () => {
    let hidden = {};
    for (let i = 1; i <= 250; i++) hidden = dismiss(alert(`id-${i}`, { since: i }), hidden);
    expect(Object.keys(hidden)).toHaveLength(200);
    expect(isDismissed(alert("id-250", { since: 250 }), hidden)).toBe(true);
    expect(isDismissed(alert("id-1", { since: 1 }), hidden)).toBe(false);
  });

  test("is not fooled by names that every object has", () => {
    expect(isDismissed(alert("constructor", { since: null }), {})).toBe(false);
  });

  test("drops what storage holds in another shape", () => {
    const good = { since: 1, severity: "warning" };
    const stored = { good, number: 1, none: null, text: "b", half: { since: 1 }, odd: { since: 1, severity: "constructor" } };
    expect(parseDismissals(stored)).toEqual({ good });
  });

  test.each([[null], ["text"], [[1]], [12]])("storage that holds %j is not used", (stored) => {
    expect(parseDismissals(stored)).toBeUndefined();
  });
});

test("the value shown is the endpoint's own figure while the alert is on, the worst once it has ended", () => {
  const board = new Board();
  board.apply(snapshot(1, [endpoint("/orders", { p95: 321, errorRate: null })]), DEFAULT_THRESHOLDS, new Map());
  const row = board.rows[0];
  expect(currentReading(alert("1"), row).value).toBe(321);
  expect(currentReading(alert("1", { type: "error_rate", value: 7 }), row).value).toBe(7);
  expect(currentReading(alert("1", { type: "latency_spike", value: 80 }), row).value).toBe(80);
  expect(currentReading(alert("1", { state: "resolved" }), row).value).toBe(400);
  expect(currentReading(alert("1"), undefined).value).toBe(300);
});

test("a latency in the last bucket is at least the highest bound, now or at its worst", () => {
  const open = alert("1", { type: "p99.9", value: 10_000, peak: 10_000, range: [10_000, null] });
  expect(readingText(open, currentReading(open, undefined))).toBe("≥ 10 s");
  const over = alert("1", { state: "resolved", value: 300, peak: 10_000, range: [250, 500] });
  expect(readingText(over, currentReading(over, undefined))).toBe("10.0 s");
  const beyond = alert("1", { state: "resolved", value: 300, peak: 10_000, peakAtLeast: true, range: [250, 500] });
  expect(readingText(beyond, currentReading(beyond, undefined))).toBe("≥ 10 s");
  const board = new Board();
  const slow = endpoint("/orders", { p95: 5000, ranges: [[5, 10], [5000, null], [5000, null]] });
  board.apply(snapshot(1, [slow]), DEFAULT_THRESHOLDS, new Map());
  expect(readingText(alert("1"), currentReading(alert("1"), board.rows[0]))).toBe("≥ 5 s");
});

test("the range of a spike is of the latency, not of its percent", () => {
  const spike = alert("1", { type: "latency_spike", unit: "%", value: 80, range: [250, null] });
  expect(readingText(spike, currentReading(spike, undefined))).toBe("80.0 %");
});

test("metrics have names that people use", () => {
  expect(["p99.9", "error_rate", "latency_spike", "cdn_cache_hit_ratio", "constructor"].map(metricName)).toEqual([
    "p99.9 latency", "Error rate", "Latency spike", "cdn cache hit ratio", "constructor",
  ]);
});
