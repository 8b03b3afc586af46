import { expect, test } from "vitest";
import { bySlowness, isMeanAlone, outlierOf } from "../src/model/instances";
import type { InstanceMetrics } from "../src/protocol";
import { endpoint } from "./fixtures";

function instance(name: string, p95: number | null, requests = 100): InstanceMetrics {
  return { ...endpoint("/", { p95, requests }), instance: name };
}

test("the slowest comes first, the silent last", () => {
  const sorted = [instance("d", null), instance("b", 5), instance("a", 5), instance("c", 90), instance("e", null)].sort(bySlowness);
  expect(sorted.map((one) => one.instance)).toEqual(["c", "a", "b", "d", "e"]);
});

test("means stand in where no instance has quantiles", () => {
  const meanOnly = (name: string, mean: number | null) => ({ ...instance(name, null), p50: null, p99: null, mean });
  const instances = [meanOnly("a", 5), meanOnly("b", null), meanOnly("c", 7)];
  expect(isMeanAlone(instances)).toBe(true);
  expect(instances.toSorted(bySlowness).map((one) => one.instance)).toEqual(["c", "a", "b"]);
  expect(isMeanAlone([...instances, instance("d", 20)])).toBe(false);
  expect(isMeanAlone([meanOnly("b", null)])).toBe(false);
});

test("an instance twice as slow as the others usually are stands out", () => {
  expect(outlierOf([instance("a", 20), instance("b", 61), instance("c", 22), instance("d", 18)])).toEqual({
    instance: "b", factor: 61 / 20, // the others are 22, 20 and 18 ms
  });
  expect(outlierOf([instance("a", 20), instance("b", 50)])?.instance).toBe("b");
  expect(outlierOf([instance("a", 20), instance("b", 39), instance("c", 22)])).toBeNull();
});

test("nothing stands out by a handful of requests, without others, or without figures", () => {
  expect(outlierOf([instance("a", 20), instance("b", 900, 9)])).toBeNull();
  expect(outlierOf([instance("a", 900)])).toBeNull();
  expect(outlierOf([instance("a", 0), instance("b", 900)])).toBeNull();
  expect(outlierOf([])).toBeNull();
});
