import { describe, expect, test } from "vitest";
import { decodeKey, encodeKey } from "../src/model/endpoint";
import { formatRoute, parseRoute, sortBy, type Route } from "../src/model/route";

const parse = (url: string): Route => {
  const { pathname, search } = new URL(url, "http://redpoll.test");
  return parseRoute(pathname, search);
};

const START = parse("/");

describe("the URL", () => {
  test("is short where everything is as usual", () => {
    expect(formatRoute(START)).toBe("./");
    expect(formatRoute({ ...START, page: "targets" })).toBe("targets");
  });

  test("holds everything worth sharing, and gives it back", () => {
    const route: Route = {
      page: "alerts",
      filter: "orders & carts",
      statuses: ["crit", "none"],
      sort: "p99",
      descending: false,
      endpoint: encodeKey({ job: "shop", method: "GET", path: "/orders/{id}?x=1#y" }),
      range: "6h",
      instances: true,
      zoom: { from: 1_763_900_000_000, to: 1_763_900_300_000 },
      targetFilter: "env=prod 10.0",
      targetStatuses: ["warn", "ok"],
      target: "3f0c",
      dropped: "shop & co",
      exposition: true,
    };
    expect(parse(formatRoute(route))).toEqual(route);
  });

  test("can be read by people", () => {
    const url = formatRoute({ ...START, statuses: ["crit", "warn"], endpoint: "shop|GET|/orders" });
    expect(url).toBe("./?st=crit,warn&ep=shop|GET|/orders");
  });

  test.each([
    ["/?sort=price", { sort: "status", descending: true }],
    ["/?sort=--p95", { sort: "status", descending: true }],
    ["/?range=9y", { range: "15m" }],
    ["/?st=crit,purple,crit", { statuses: ["crit"] }],
    ["/?from=5&to=3", { zoom: null }],
    ["/?from=x&to=3", { zoom: null }],
    ["/?from=1&to=1e400", { zoom: null }],
    ["/nowhere", { page: "endpoints" }],
    ["/prefix/alerts/", { page: "alerts" }],
  ])("%s falls back to what makes sense", (url, expected) => expect(parse(url)).toMatchObject(expected));
});

test("a new column starts with the worst, the same one turns", () => {
  expect(sortBy(START, "p95")).toEqual({ sort: "p95", descending: true });
  expect(sortBy({ ...START, sort: "p95", descending: true }, "p95")).toEqual({ sort: "p95", descending: false });
  expect(sortBy(START, "name")).toEqual({ sort: "name", descending: false });
});

describe("endpoint keys", () => {
  test.each([
    { job: "shop", method: "GET", path: "/orders" },
    { job: "a|b", method: "", path: "/100%/|x" },
    { job: "", method: "", path: "" },
    { job: "shop", method: "GET", path: "/a%20b/<img src=x>" },
  ])("%j survives", (key) => expect(decodeKey(encodeKey(key))).toEqual(key));

  test("different endpoints have different keys", () => {
    expect(encodeKey({ job: "a|b", method: "c", path: "" })).not.toBe(encodeKey({ job: "a", method: "b|c", path: "" }));
  });

  test.each(["", "one", "a|b", "a|b|c|d", "a|%|c"])("%j is none", (text) => expect(decodeKey(text)).toBeNull());
});
