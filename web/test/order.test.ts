import { expect, test } from "vitest";
import { Board } from "../src/model/board";
import { arrange, type View } from "../src/model/order";
import { DEFAULT_THRESHOLDS } from "../src/model/thresholds";
import { endpoint, silent, snapshot } from "./fixtures";

const board = new Board();
board.apply(
  snapshot(5000, [
    endpoint("/carts/{id}", { method: "PUT", job: "payments", p95: 900, errorRate: 2, throughput: 3 }),
    endpoint("/orders", { p95: 300, throughput: 50 }),
    endpoint("/orders", { method: "POST", p95: 30, throughput: null }),
    silent("/coupons"),
    endpoint("/about", { p95: 5, errorRate: null, throughput: 7 }),
  ]),
  DEFAULT_THRESHOLDS,
  new Map(),
);

function order(view: Partial<View>): string[] {
  const whole: View = { filter: "", statuses: [], sort: "status", descending: true, ...view };
  return arrange(board.rows, whole).map(({ figures }) => `${figures.method} ${figures.path}`);
}

test("by status: the most urgent first, the slower ones before, those that idle last", () => {
  expect(order({})).toEqual(["PUT /carts/{id}", "GET /orders", "POST /orders", "GET /about", "GET /coupons"]);
});

test("by status: an endpoint whose targets are down comes before those that are well", () => {
  const some = new Board();
  some.apply(
    snapshot(5000, [silent("/idle"), endpoint("/well"), silent("/dead", "target down"), endpoint("/slow", { p95: 300 })]),
    DEFAULT_THRESHOLDS,
    new Map(),
  );
  const view: View = { filter: "", statuses: [], sort: "status", descending: true };
  expect(arrange(some.rows, view).map(({ figures }) => figures.path)).toEqual(["/slow", "/dead", "/well", "/idle"]);
});

test("by name: the methods of one path stand together", () => {
  expect(order({ sort: "name", descending: false })).toEqual([
    "GET /about", "PUT /carts/{id}", "GET /coupons", "GET /orders", "POST /orders",
  ]);
});

test("missing figures come last in both directions", () => {
  expect(order({ sort: "throughput", descending: true })).toEqual([
    "GET /orders", "GET /about", "PUT /carts/{id}", "GET /coupons", "POST /orders",
  ]);
  expect(order({ sort: "throughput", descending: false })).toEqual([
    "PUT /carts/{id}", "GET /about", "GET /orders", "GET /coupons", "POST /orders",
  ]);
});

test("every word must occur in job, method or path, in any case", () => {
  expect(order({ filter: "  POST ord " })).toEqual(["POST /orders"]);
  expect(order({ filter: "payments" })).toEqual(["PUT /carts/{id}"]);
  expect(order({ filter: "get payments" })).toEqual([]);
});

test("statuses narrow down, several add up", () => {
  expect(order({ statuses: ["warn", "none"] })).toEqual(["GET /orders", "GET /coupons"]);
  expect(order({ statuses: ["ok"], filter: "about" })).toEqual(["GET /about"]);
});
