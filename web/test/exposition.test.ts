import { describe, expect, test } from "vitest";
import { blocksOf, linesOf, linesWith, widthOf } from "../src/model/exposition";

describe("lines", () => {
  test("keep the numbers that errors name", () => {
    const lines = linesOf("# TYPE a counter\na 1\nb 2\n");
    expect(lines.map(({ text }) => text)).toEqual(["# TYPE a counter", "a 1", "b 2"]);
    expect(linesWith(lines, "B ")).toEqual([{ number: 3, text: "b 2" }]);
    expect(linesWith(lines, "")).toBe(lines);
    expect(linesWith(lines, "missing")).toEqual([]);
  });

  test.each([["", 0], ["a", 1], ["a\n", 1], ["a\r\n", 1], ["a\n\n", 2], ["\n", 1]])("%j has %i", (text, length) =>
    expect(linesOf(text)).toHaveLength(length),
  );
});

describe("blocks", () => {
  test("hold all lines in order", () => {
    const lines = linesOf(Array.from({ length: 450 }, (_, i) => `m ${i}`).join("\n"));
    const blocks = blocksOf(lines);
    expect(blocks.map(({ key, length }) => [key, length])).toEqual([[1, 200], [201, 200], [401, 50]]);
    expect(blocks.map(({ text }) => text).join("\n")).toBe(lines.map(({ text }) => text).join("\n"));
    expect(blocks[2]!.numbers.startsWith("401\n402")).toBe(true);
    expect(blocksOf([])).toEqual([]);
  });

  test("shorten lines that no browser lays out, and say so", () => {
    const [block] = blocksOf(linesOf("x".repeat(10_000)));
    expect(block!.text).toBe(`${"x".repeat(4000)} … and 6000 more characters`);
    expect(widthOf(linesOf(`${"x".repeat(10_000)}\nabc`))).toBeGreaterThanOrEqual(block!.text.length);
    expect(widthOf(linesOf("abc\nabcde"))).toBe(5);
  });
});
