import { expect, test } from "vitest";
import { backoff } from "../src/backoff";

const longest = () => 1;
const shortest = () => 0;

test("the first attempt comes after half a second to one", () => {
  expect(backoff(1, shortest)).toBe(500);
  expect(backoff(1, longest)).toBe(1000);
});

test("the wait doubles up to thirty seconds and stays there", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => backoff(attempt, longest))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test("chance decides about half of it", () => {
  expect(backoff(6, shortest)).toBe(15_000);
  expect(backoff(6, () => 0.5)).toBe(22_500);
});
