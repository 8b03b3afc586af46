import { describe, expect, test } from "vitest";
import { momentNear, momentsOf, withMarks } from "../src/model/marks";
import type { Mark } from "../src/protocol";

function mark(timestamp: number, kind: Mark["kind"], instance = "shop-1", text = ""): Mark {
  return { timestamp, job: "shop", instance, kind, text };
}

const texts = (marks: Mark[], apart = 1000) => momentsOf(marks, apart).map(({ text }) => text);

describe("moments", () => {
  test("say what happened to whom", () => {
    expect(texts([mark(1, "restart")])).toEqual(["restart of shop-1"]);
    expect(texts([mark(1, "deploy", "shop-1", "1.4.1 → 1.4.2")])).toEqual(["deploy 1.4.1 → 1.4.2"]);
    expect(texts([mark(1, "deploy")])).toEqual(["deploy at shop-1"]);
  });

  test("are as many as lines have room for", () => {
    const marks = [mark(5000, "restart", "b"), mark(0, "restart", "a"), mark(900, "restart", "b"), mark(1100, "restart", "c")];
    expect(momentsOf(marks, 1000).map(({ time, text }) => [time, text])).toEqual([
      [0, "restart of 2 instances"],
      [1100, "restart of c"],
      [5000, "restart of b"],
    ]);
  });

  test("do not tell of the restarts that a deploy brings, but of others", () => {
    const deploys = [mark(0, "deploy", "a", "1 → 2"), mark(0, "restart", "a"), mark(9, "deploy", "b", "1 → 2"), mark(8, "restart", "b")];
    expect(momentsOf(deploys, 1000)).toEqual([{ time: 0, kind: "deploy", text: "deploy 1 → 2 at 2 instances" }]);
    expect(texts([...deploys, mark(10, "restart", "c")])).toEqual(["deploy 1 → 2 at 2 instances, restart of c"]);
    expect(texts([mark(0, "deploy", "a", "1 → 2"), mark(0, "deploy", "b", "1 → 3")])).toEqual(["deploy at 2 instances"]);
  });

  test("are told once, by history and by the stream", () => {
    expect(texts([mark(1, "restart"), mark(1, "restart")])).toEqual(["restart of shop-1"]);
  });

  test("do not grow with what a target calls itself", () => {
    expect(texts([mark(1, "deploy", "a", "x".repeat(10_000))])[0]).toMatch(/^deploy x{47}…$/);
  });

  test("are near where they are within reach", () => {
    const moments = momentsOf([mark(0, "restart", "a"), mark(5000, "restart", "b")], 1000);
    expect(momentNear(moments, 4000, 2000)?.text).toBe("restart of b");
    expect(momentNear(moments, 2500, 1000)).toBeNull();
  });
});

test("live marks are kept in order, once each, and not for ever", () => {
  const first = withMarks([], [mark(2, "restart", "b"), mark(1, "restart", "a")]);
  expect(first.map(({ instance }) => instance)).toEqual(["a", "b"]);
  expect(withMarks(first, undefined)).toBe(first);
  expect(withMarks(first, [mark(2, "restart", "b")])).toHaveLength(2);
  let marks = first;
  for (let i = 10; i < 1000; i++) marks = withMarks(marks, [mark(i, "restart")]);
  expect(marks).toHaveLength(200);
  expect(marks.at(-1)?.timestamp).toBe(999);
});
