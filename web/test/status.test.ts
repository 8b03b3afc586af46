import { expect, test } from "vitest";
import { judge, severityMark } from "../src/model/status";
import { DEFAULT_THRESHOLDS } from "../src/model/thresholds";
import type { EndpointMetrics, Severity } from "../src/protocol";
import { endpoint, silent } from "./fixtures";

const status = (figures: Partial<EndpointMetrics>, firing?: Severity) =>
  judge(endpoint("/", figures), DEFAULT_THRESHOLDS, firing);

test("a limit is crossed above it, not at it", () => {
  expect(status({ p95: 250 })).toBe("ok");
  expect(status({ p95: 250.1 })).toBe("warn");
  expect(status({ p95: 500.1 })).toBe("crit");
});

test("the worse of latency and errors counts", () => {
  expect(status({ p95: 300, errorRate: 5.1 })).toBe("crit");
  expect(status({ p95: 501, errorRate: 1.1 })).toBe("crit");
});

test("one figure is enough to judge by", () => {
  expect(status({ p95: null, errorRate: 2 })).toBe("warn");
  expect(status({ p95: 20, errorRate: null })).toBe("ok");
});

test("a firing alert of redpoll makes it worse, never better", () => {
  expect(status({}, "critical")).toBe("crit");
  expect(status({}, "warning")).toBe("warn");
  expect(status({}, "info")).toBe("ok");
  expect(status({ p95: 900 }, "warning")).toBe("crit");
});

test("an alert that only informs has a mark of its own, not the one of all being well", () => {
  expect((["critical", "warning", "info"] as const).map(severityMark)).toEqual(["crit", "warn", "info"]);
});

test("without figures there is no status, unless an alert fires", () => {
  expect(judge(silent("/"), DEFAULT_THRESHOLDS, undefined)).toBe("none");
  expect(judge(silent("/"), DEFAULT_THRESHOLDS, "critical")).toBe("crit");
});
