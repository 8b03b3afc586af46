import { expect, test } from "vitest";
import { activeFrom, dismiss } from "../src/model/alerts";
import { caveatsOf } from "../src/model/caveats";
import { alert } from "./fixtures";

const allUp = { up: 2, unknown: 0, total: 2 };

test("where all is known and nothing hidden there is no caveat", () => {
  expect(caveatsOf(allUp, activeFrom([alert("1"), alert("2", { state: "pending" })]), {})).toEqual([]);
  expect(caveatsOf({ up: 0, unknown: 2, total: 2 }, activeFrom([]), {})).toEqual([]);
});

test("what fires but was dismissed is told, as bad as the worst of it", () => {
  const [one, two] = [alert("1"), alert("2", { severity: "critical" })];
  expect(caveatsOf(allUp, activeFrom([one]), dismiss(one, {}))).toEqual([
    { mark: "warn", text: "1 firing alert is dismissed in this browser", page: "alerts" },
  ]);
  expect(caveatsOf(allUp, activeFrom([one, two]), dismiss(one, dismiss(two, {})))).toEqual([
    { mark: "crit", text: "2 firing alerts are dismissed in this browser", page: "alerts" },
  ]);
});

test("targets that are down and alerts without data are told", () => {
  const unknown = alert("1", { state: "unknown" });
  expect(caveatsOf({ up: 0, unknown: 1, total: 2 }, activeFrom([unknown]), {})).toEqual([
    { mark: "crit", text: "1 of 2 targets is down: nothing can be judged there", page: "targets" },
    { mark: "none", text: "1 alert is unknown: no data to judge by", page: "alerts" },
  ]);
  expect(caveatsOf({ up: 0, unknown: 0, total: 2 }, activeFrom([]), {})[0]?.text).toMatch(/^2 of 2 targets are down/);
});
