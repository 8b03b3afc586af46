import { expect, test } from "vitest";
import { compareLabels } from "../src/model/labels";

test("relabelling is seen by what it changed, then by what it left alone", () => {
  const before = { job: "shop", env: "prod-eu", tmp: "1", __address__: "10.0.0.1:80", __meta_dc: "" };
  const after = { job: "shop", env: "prod", instance: "10.0.0.1:80" };
  expect(compareLabels(before, after)).toEqual([
    { name: "env", before: "prod-eu", after: "prod", change: "changed" },
    { name: "instance", before: null, after: "10.0.0.1:80", change: "added" },
    { name: "tmp", before: "1", after: null, change: "removed" },
    { name: "job", before: "shop", after: "shop", change: "kept" },
    { name: "__address__", before: "10.0.0.1:80", after: null, change: "internal" },
    { name: "__meta_dc", before: "", after: null, change: "internal" },
  ]);
});

test("labels are not confused with what every object has", () => {
  expect(compareLabels({ constructor: "x" }, {})).toEqual([
    { name: "constructor", before: "x", after: null, change: "removed" },
  ]);
  expect(compareLabels({}, {})).toEqual([]);
});
