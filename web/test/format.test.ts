import { describe, expect, test } from "vitest";
import * as format from "../src/format";

const { plain } = format;

describe("latency", () => {
  const cases: [number | null, string][] = [
    [null, "–"],
    [NaN, "–"],
    [0, "0 ms"],
    [0.004, "<0.01 ms"],
    [0.416, "0.42 ms"],
    [9.994, "9.99 ms"],
    [9.996, "10.0 ms"],
    [99.94, "99.9 ms"],
    [99.96, "100 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [1236, "1.24 s"],
    [59_949, "59.9 s"],
    [59_951, "1.00 min"],
    [150_000, "2.50 min"],
  ];
  test.each(cases)("%s ms reads %s", (ms, text) => expect(plain(format.latency(ms))).toBe(text));
});

describe("percent", () => {
  const cases: [number | null, string][] = [
    [null, "–"],
    [0, "0 %"],
    [0.003, "<0.01 %"],
    [0.07, "0.07 %"],
    [6.384, "6.38 %"],
    [99.97, "100 %"],
    [-12.34, "−12.3 %"],
  ];
  test.each(cases)("%s reads %s", (value, text) => expect(plain(format.percent(value))).toBe(text));
});

describe("throughput", () => {
  const cases: [number | null, string][] = [
    [null, "–"],
    [0, "0 /s"],
    [0.2, "0.20 /s"],
    [999.4, "999 /s"],
    [999.6, "1.00 k/s"],
    [26_149, "26.1 k/s"],
    [1_240_000, "1.24 M/s"],
  ];
  test.each(cases)("%s reads %s", (value, text) => expect(plain(format.throughput(value))).toBe(text));
});

test("bytes go by thousands", () => {
  expect([512, 48_213, 2_500_000, 3e9].map((n) => plain(format.bytes(n)))).toEqual([
    "512 B", "48.2 kB", "2.50 MB", "3.00 GB",
  ]);
});

test("values follow the unit of the wire", () => {
  expect(plain(format.inUnit(924, "ms"))).toBe("924 ms");
  expect(plain(format.inUnit(12.4, "/s"))).toBe("12.4 /s");
  expect(plain(format.inUnit(1.5, ""))).toBe("1.50");
  expect(plain(format.inUnit(null, "%"))).toBe("–");
});

test("ages keep the two largest units", () => {
  const ages: [number, string][] = [
    [-5, "0 s"],
    [11_400, "11 s"],
    [59_600, "1 min"],
    [9 * 60_000 + 59_000, "9 min"],
    [3 * 3_600_000, "3 h"],
    [12_000_000, "3 h 20 min"],
    [52 * 3_600_000, "2 d 4 h"],
  ];
  expect(ages.map(([ms]) => format.age(ms))).toEqual(ages.map(([, text]) => text));
});

// Tests run in Asia/Kolkata, see vitest.config.ts.
describe("times", () => {
  const evening = Date.UTC(2026, 10, 21, 20, 3, 7); // the 22nd in Kolkata

  test("follow the zone", () => {
    expect(format.clock(evening, "utc")).toBe("20:03:07");
    expect(format.clock(evening, "local")).toBe("01:33:07");
    expect(format.zoneName("local", evening)).toBe("UTC+05:30");
    expect(format.zoneName("utc", evening)).toBe("UTC");
  });

  test("tell the day only where it is another one, by the zone's midnight", () => {
    const anHourBefore = evening - 3 * 3_600_000;
    expect(format.stamp(anHourBefore, "utc", evening)).toBe("17:03:07");
    expect(format.stamp(anHourBefore, "local", evening)).toBe("21 Nov 22:33:07");
  });

  test("on an axis are as fine as its steps", () => {
    const midnight = Date.UTC(2026, 10, 21);
    expect(format.tick(evening, "utc", 15_000)).toBe("20:03:07");
    expect(format.tick(evening, "utc", 600_000)).toBe("20:03");
    expect(format.tick(evening, "utc", 86_400_000)).toBe("21 Nov");
    expect(format.tick(midnight, "utc", 3_600_000)).toBe("21 Nov");
  });
});
