import { describe, expect, test } from "vitest";
import { listTargets, matchingDropped, summaryOf, tally, tallyText, targetStatus, type TargetView } from "../src/model/targets";
import type { DroppedTargetList, TargetStatus } from "../src/protocol";
import { target } from "./fixtures";

const ALL: TargetView = { filter: "", statuses: [], closed: new Set() };

/** The list as its keys, which are short enough to read. */
function keys(targets: TargetStatus[], view: Partial<TargetView> = {}, dropped: DroppedTargetList | null = null): string[] {
  return listTargets(targets, dropped, { ...ALL, ...view }).map(({ key }) => key);
}

const DOWN = target("shop", "b:1", { health: "down", error: "connection refused" });
const WARNED = target("shop", "a:1", { warnings: ["sample_limit is passed", "label_limit is passed"] });
const UP = target("auth", "c:1");

describe("the status of a target", () => {
  test("is a warning of its own where it is up with warnings", () => {
    expect([DOWN, WARNED, UP].map(targetStatus)).toEqual(["crit", "warn", "ok"]);
    expect(targetStatus(target("auth", "x:1", { health: "unknown" }))).toBe("none");
    expect(targetStatus(target("auth", "x:1", { health: "down", warnings: ["old"] }))).toBe("crit");
  });

  test("is counted, and told without what there is none of", () => {
    expect(tally([DOWN, WARNED, UP, UP])).toEqual({ crit: 1, warn: 1, none: 0, ok: 2 });
    expect(tallyText({ crit: 1, warn: 2, none: 0, ok: 12 })).toBe("12 up, 2 warnings, 1 down");
    expect(tallyText(tally([]))).toBe("");
  });
});

describe("the list", () => {
  test("has pools and targets in trouble first, then by name with numbers as numbers", () => {
    const list = [UP, target("auth", "c:10"), target("auth", "c:9"), target("api", "z:1"), WARNED, DOWN];
    expect(keys(list)).toEqual([
      "pool shop", "target shop-b:1", "target shop-a:1",
      "pool api", "target api-z:1",
      "pool auth", "target auth-c:1", "target auth-c:9", "target auth-c:10",
    ]);
  });

  test("goes by pool, whatever relabelling made of the job", () => {
    expect(keys([{ ...UP, job: "renamed" }])[0]).toBe("pool auth");
  });

  test("folds a pool away, unless something is looked for", () => {
    const closed = new Set(["shop"]);
    expect(keys([DOWN, UP], { closed })).toEqual(["pool shop", "pool auth", "target auth-c:1"]);
    expect(keys([DOWN, UP], { closed, filter: "b:1" })).toEqual(["pool shop", "target shop-b:1"]);
  });

  test("finds every word in pool, URL or labels, and statuses", () => {
    const labelled = { ...UP, labels: { job: "auth", env: "Prod" } };
    expect(keys([DOWN, labelled], { filter: "ENV=prod auth" })).toEqual(["pool auth", "target auth-c:1"]);
    expect(keys([DOWN, labelled], { filter: "/metrics shop" })).toEqual(["pool shop", "target shop-b:1"]);
    expect(keys([DOWN, WARNED, UP], { statuses: ["warn"] })).toEqual(["pool shop", "target shop-a:1"]);
    expect(keys([DOWN], { filter: "nothing like it" })).toEqual([]);
  });

  test("counts all of a pool at its head, shown or not", () => {
    const [head] = listTargets([DOWN, WARNED], null, { ...ALL, statuses: ["warn"] });
    expect(head).toMatchObject({ counts: { crit: 1, warn: 1 } });
  });
});

describe("dropped targets", () => {
  const dropped: DroppedTargetList = {
    targets: [
      { pool: "shop", reason: "dropped by relabel_configs", discovered: { __address__: "10.0.0.1:80", env: "test" } },
      { pool: "shop", reason: "dropped by relabel_configs", discovered: { __address__: "10.0.0.2:80", env: "test" } },
    ],
    counts: { shop: 7, auth: 0, constructor: 1 },
  };

  test("end the pool that they are from, and a pool may have nothing else, or nothing at all", () => {
    expect(keys([DOWN], {}, dropped)).toEqual([
      "pool shop", "target shop-b:1", "dropped shop", "pool auth", "pool constructor", "dropped constructor",
    ]);
    expect(listTargets([], dropped, ALL).find(({ key }) => key === "dropped shop")).toMatchObject({ count: 7 });
  });

  test("are found by what was discovered of them", () => {
    expect(keys([DOWN], { filter: "10.0.0.2" }, dropped)).toEqual(["pool shop", "dropped shop"]);
    expect(listTargets([], dropped, { ...ALL, filter: "env=TEST" }).at(-1)).toMatchObject({ count: 2 });
    expect(matchingDropped(dropped.targets, "10.0.0.1")).toHaveLength(1);
  });

  test("have no status to be picked by", () => {
    expect(keys([DOWN], { statuses: ["crit"] }, dropped)).toEqual(["pool shop", "target shop-b:1"]);
  });
});

describe("the line about a target tells what matters most", () => {
  const found = { convention: "", family: "http_requests", kind: "histogram", endpoints: 3, guess: false, note: "" };
  const advice = [{ text: "No histogram was found.", yaml: "" }];
  test.each<[string, string, Partial<TargetStatus>]>([
    ["crit", "connection refused", { error: "connection refused", warnings: ["x"] }],
    ["warn", "sample_limit (and 1 more)", { warnings: ["sample_limit", "label_limit"], skipped: 3 }],
    ["warn", "3 samples skipped: le is no number", { skipped: 3, skippedReason: "le is no number", advice }],
    ["none", "waits for its first scrape", { health: "unknown" }],
    ["warn", "No histogram was found.", { advice }],
    ["none", "3 endpoints from http_requests · 1 thing to mend", { recognised: [found], advice }],
    ["none", "6 endpoints from 2 families", { recognised: [found, found] }],
    ["none", "no endpoints", {}],
  ])("%s: %s", (mark, text, changes) => expect(summaryOf(target("shop", "a:1", changes))).toEqual({ mark, text }));
});
