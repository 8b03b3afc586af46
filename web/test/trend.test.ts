import { describe, expect, test } from "vitest";
import { emptyTrend, prependTrend, pushTrend, TREND_LENGTH, trendPath } from "../src/model/trend";

function line(...values: (number | null)[]) {
  const made = emptyTrend();
  for (const value of values) pushTrend(made, value);
  return made;
}

describe("a trend line", () => {
  test("holds the newest values, bounded", () => {
    const made = line(...Array.from({ length: 100 }, (_, i) => i));
    expect(made).toHaveLength(TREND_LENGTH);
    expect([made[0], made[TREND_LENGTH - 1]]).toEqual([40, 99]);
  });

  test("takes older values in front of those kept, dropping the oldest", () => {
    const made = line(1, 2);
    prependTrend(made, Array.from({ length: TREND_LENGTH }, (_, i) => 100 + i), 2);
    expect([...made.slice(-3)]).toEqual([159, 1, 2]);
    expect(made[0]).toBe(102);
  });
});

describe("its path", () => {
  test("is empty without values", () => expect(trendPath(emptyTrend(), 100, 20)).toBe(""));

  test("is interrupted where a value is missing", () => {
    const path = trendPath(line(5, 6, null, 7, 8), 59, 20);
    expect(path.match(/[ML]/g)?.join("")).toBe("MLML");
    expect(path.endsWith("L59.0 " + path.split(" ").at(-1))).toBe(true);
  });

  test("lies flat in the middle for a constant value, at the bottom for zero", () => {
    expect(trendPath(line(5, 5), 59, 20)).toBe("M58.0 10.0L59.0 10.0");
    expect(trendPath(line(0, 0), 59, 20)).toBe("M58.0 20.0L59.0 20.0");
  });

  test("does not stretch noise over the whole height", () => {
    const heights = [...trendPath(line(100, 101), 59, 20).matchAll(/ ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(Math.abs(heights[0]! - heights[1]!)).toBeLessThan(1);
  });
});
