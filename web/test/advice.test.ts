import { expect, test } from "vitest";
import { adviceOfRules } from "../src/model/advice";

const add = { text: "Add a bucket", yaml: "" };
const map = { text: "Map the metrics", yaml: "endpoints: []" };

test("what mends several rules is told once, with their names", () => {
  const rules = [{ name: "slow", advice: [add] }, { name: "fine", advice: [] }, { name: "very slow", advice: [map, add] }];
  expect(adviceOfRules(rules)).toEqual([
    { ...add, rules: ["slow", "very slow"] },
    { ...map, rules: ["very slow"] },
  ]);
});
