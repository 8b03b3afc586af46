import { expect, test } from "vitest";
import { adviceOfRules, freshAdvice } from "../src/model/advice";

const add = { text: "Add a bucket", yaml: "" };
const map = { text: "Map the metrics", yaml: "endpoints: []" };

test("advice is given once to a job, and to every job that needs it", () => {
  const targets = [
    { job: "shop", advice: [add] },
    { job: "shop", advice: [map, add] },
    { job: "auth", advice: [add, { ...add, yaml: "a: 1" }] },
    { job: "auth", advice: [] },
  ];
  expect(freshAdvice(targets)).toEqual([[add], [map], [add, { ...add, yaml: "a: 1" }], []]);
});

test("what mends several rules is told once, with their names", () => {
  const rules = [{ name: "slow", advice: [add] }, { name: "fine", advice: [] }, { name: "very slow", advice: [map, add] }];
  expect(adviceOfRules(rules)).toEqual([
    { ...add, rules: ["slow", "very slow"] },
    { ...map, rules: ["very slow"] },
  ]);
});
