import { describe, expect, test } from "vitest";
import {
  DEFAULT_THRESHOLDS, isDefault, parseThresholds, SLIDER_STEPS, sliderPosition, sliderValue, spanOf, withThreshold,
  type ThresholdName,
} from "../src/model/thresholds";

describe("changing one limit", () => {
  test("takes the other along where they would cross", () => {
    expect(withThreshold(DEFAULT_THRESHOLDS, "p95Warn", 800)).toMatchObject({ p95Warn: 800, p95Crit: 800 });
    expect(withThreshold(DEFAULT_THRESHOLDS, "p95Crit", 100)).toMatchObject({ p95Warn: 100, p95Crit: 100 });
    expect(withThreshold(DEFAULT_THRESHOLDS, "errorCrit", 20)).toMatchObject({ errorWarn: 1, errorCrit: 20 });
  });

  test("stays inside the slider's span", () => {
    expect(withThreshold(DEFAULT_THRESHOLDS, "p95Warn", 0.1).p95Warn).toBe(5);
    expect(withThreshold(DEFAULT_THRESHOLDS, "errorCrit", 1e9).errorCrit).toBe(100);
  });

  test("leaves the ones before it alone", () => {
    withThreshold(DEFAULT_THRESHOLDS, "p95Warn", 10);
    expect(isDefault(DEFAULT_THRESHOLDS)).toBe(true);
    expect(isDefault(withThreshold(DEFAULT_THRESHOLDS, "p95Warn", 10))).toBe(false);
  });
});

describe("a stored set", () => {
  test("is taken as it was written", () => {
    const mine = withThreshold(DEFAULT_THRESHOLDS, "errorWarn", 0.3);
    expect(parseThresholds(JSON.parse(JSON.stringify(mine)))).toEqual(mine);
  });

  test.each([
    ["nothing", null],
    ["a number", 3],
    ["a list", [250, 500, 1, 5]],
    ["a part", { p95Warn: 100 }],
    ["text for a number", { ...DEFAULT_THRESHOLDS, p95Warn: "250" }],
    ["no number", { ...DEFAULT_THRESHOLDS, p95Warn: null }],
    ["a value outside its span", { ...DEFAULT_THRESHOLDS, errorCrit: 101 }],
    ["a warning above its critical limit", { ...DEFAULT_THRESHOLDS, p95Warn: 600 }],
  ])("that is %s is not used", (_, stored) => expect(parseThresholds(stored)).toBeUndefined());
});

describe("sliders", () => {
  const names = Object.keys(DEFAULT_THRESHOLDS) as ThresholdName[];

  test.each(names)("%s spans from end to end", (name) => {
    const span = spanOf(name);
    expect(sliderValue(0, span)).toBe(span.least);
    expect(sliderValue(SLIDER_STEPS, span)).toBe(span.most);
  });

  test.each(names)("%s stays about where it was put", (name) => {
    const span = spanOf(name);
    for (let position = 0; position <= SLIDER_STEPS; position++) {
      expect(Math.abs(sliderPosition(sliderValue(position, span), span) - position)).toBeLessThanOrEqual(2);
    }
  });
});
