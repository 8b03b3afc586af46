import { describe, expect, test } from "vitest";
import { plain } from "../src/format";
import {
  isUndecided, meanInstead, NO_QUANTILE, quantileFigure, quantileOf, quantileWords, rangeText, type Quantile,
} from "../src/model/quantile";
import type { Range } from "../src/protocol";
import { endpoint, silent } from "./fixtures";

const estimate = (value: number | null, range: Range | null): Quantile => ({ value, range, own: false });

describe("a quantile", () => {
  const cases: [Quantile, string, string | undefined, string][] = [
    [estimate(480, [250, 500]), "480 ms", "480 ms, between 250 and 500 ms", "250–500 ms"],
    [estimate(612.4, [500, 1000]), "612 ms", "612 ms, between 500 ms and 1 s", "500 ms – 1 s"],
    [estimate(3.2, [2.5, 5]), "3.20 ms", "3.20 ms, between 2.5 and 5 ms", "2.5–5 ms"],
    [estimate(40, [0, 100]), "40.0 ms", "40.0 ms, between 0 and 100 ms", "0–100 ms"],
    [estimate(500, [0, 1000]), "500 ms", "500 ms, between 0 and 1 s", "0–1 s"],
    [estimate(10_000, [10_000, null]), "≥ 10 s", "≥ 10 s, above the highest bucket", "no upper bound"],
    [estimate(480, null), "480 ms", undefined, ""],
    [estimate(null, null), "–", undefined, ""],
    [
      { value: 480, range: [480, 480], own: true },
      "480 ms", "480 ms, the application's own quantile, over its own window", "",
    ],
  ];
  test.each(cases)("%j reads %s", (quantile, figure, words, range) => {
    expect(plain(quantileFigure(quantile))).toBe(figure);
    expect(quantileWords(quantile)).toBe(words);
    expect(rangeText(quantile)).toBe(range);
  });

  test("has the range that stands at its place", () => {
    const figures = endpoint("/", { ranges: [[5, 10], null, [25, null]] });
    expect(quantileOf(figures, "p50")).toEqual({ value: 10, range: [5, 10], own: false });
    expect(quantileOf(figures, "p95").range).toBeNull();
    expect(quantileOf(figures, "p99").range).toEqual([25, null]);
    expect(quantileOf(endpoint("/", { own: true }), "p95")).toEqual({ value: 20, range: null, own: true });
    expect(quantileOf(undefined, "p95")).toBe(NO_QUANTILE);
  });

  test("has the mean in its place where there are no buckets", () => {
    const none = { p50: null, p95: null, p99: null };
    expect(meanInstead(endpoint("/", { ...none, mean: 120 }))).toBe("No quantiles: mean 120 ms");
    expect(meanInstead(endpoint("/", { ...none, p99: 40, mean: 120 }))).toBeUndefined();
    expect(meanInstead(silent("/"))).toBeUndefined();
  });

  test("says nothing about a limit inside its bucket", () => {
    expect(isUndecided([250, 500], 300)).toBe(true);
    expect(isUndecided([250, 500], 250)).toBe(false);
    expect(isUndecided([250, 500], 500)).toBe(false);
    expect(isUndecided([250, null], 300)).toBe(true);
    expect(isUndecided([250, null], 200)).toBe(false);
  });
});
