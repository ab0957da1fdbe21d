import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatDuration,
  formatTime,
  isCanonicalTime,
  parseDate,
  parseDuration,
  parseTime,
  readableTime,
} from "../../src/lib/time.ts";

describe("parseTime", () => {
  const cases: [string, string | null][] = [
    ["2016-07-27T22:30:48.939Z", "2016-07-27T22:30:48.939Z"],
    ["2016-11-06T13:54:29-05:00", "2016-11-06T18:54:29.000Z"],
    ["2024-01-31T10:00:00+0530", "2024-01-31T04:30:00.000Z"],
    ["2024-01-31", "2024-01-31T00:00:00.000Z"],
    ["2024-01-31T10:00", "2024-01-31T10:00:00.000Z"],
    ["2024-01-31 10:00:00.123456Z", "2024-01-31T10:00:00.123Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29", "2000-02-29T00:00:00.000Z"],
    ["1900-02-29", null],
    ["2023-02-29", null],
    ["2023-02-30", null],
    ["2023-13-01", null],
    ["2023-00-01", null],
    ["2023-01-01T24:00:00Z", null],
    ["2023-01-01T10:60:00Z", null],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["9999-12-31T23:59:59-05:00", null],
    ["yesterday", null],
    ["2024", null],
    ["", null],
    ["1700000000000", null],
  ];
  for (const [text, expected] of cases) {
    test(`${text || "(empty)"} is ${expected ?? "no instant"}`, () => {
      const ms = parseTime(text);
      expect(ms === null ? null : formatTime(ms)).toBe(expected);
    });
  }

  test("what is written is canonical, reads back, and sorts as time does", () => {
    const anyMs = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(anyMs, anyMs, (a, b) => {
        expect(isCanonicalTime(formatTime(a))).toBe(true);
        expect(parseTime(formatTime(a))).toBe(a);
        expect(formatTime(a) < formatTime(b)).toBe(a < b);
      }),
    );
  });
});

test("isCanonicalTime refuses other forms and impossible dates", () => {
  for (const text of [
    "2024-01-31T10:00:00Z",
    "2024-02-30T10:00:00.000Z",
    "2024-01-31T10:00:00.000+00:00",
    "",
  ]) {
    expect(isCanonicalTime(text)).toBe(false);
  }
});

describe("parseDate", () => {
  const NOW = Date.UTC(2026, 10, 24, 18, 5, 31, 250);
  test.each<[string, string | null]>([
    ["today", "2026-11-24T00:00:00.000Z"],
    ["Yesterday", "2026-11-23T00:00:00.000Z"],
    ["7d", "2026-11-17T18:05:31.250Z"],
    [" 2w ", "2026-11-10T18:05:31.250Z"],
    ["90m ago", "2026-11-24T16:35:31.250Z"],
    ["2024-01-31", "2024-01-31T00:00:00.000Z"],
    ["2024-01-31T08:00:00+02:00", "2024-01-31T06:00:00.000Z"],
    ["1/31/2024", "2024-01-31T00:00:00.000Z"],
    ["02/01/2026", "2026-02-01T00:00:00.000Z"],
    ["31/01/2024", null],
    ["02/30/2024", null],
    ["100000w", null],
    ["7", null],
    ["tomorrow", null],
    ["", null],
  ])("%j is %j", (text, expected) => {
    const date = parseDate(text, NOW);
    expect(date === null ? null : formatTime(date.at)).toBe(expected);
  });

  test("knows which dates could be meant the other way round", () => {
    const isEitherWay = (text: string) => parseDate(text, NOW)?.isEitherWay;
    expect(["02/01/2026", "12/11/2026"].map(isEitherWay)).toEqual([true, true]);
    expect(["02/02/2026", "02/13/2026", "2026-02-01", "7d"].map(isEitherWay)).toEqual(Array(4).fill(false));
  });
});

test("a time for people has seconds, and never a later one than it is", () => {
  expect(readableTime("2026-11-24T18:05:31.999Z")).toBe("2026-11-24 18:05:31Z");
});

test("durations", () => {
  const cases: [string, number | null][] = [
    ["15m", 900_000],
    ["90s", 90_000],
    ["1.5h", 5_400_000],
    ["500ms", 500],
    ["2d", 172_800_000],
    ["2w", 1_209_600_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["3m 05s", 185_000],
    ["0s", 0],
    ["15", null],
    ["m", null],
    ["-5m", null],
    ["5 minutes", null],
    ["", null],
  ];
  for (const [text, ms] of cases) expect(parseDuration(text)).toBe(ms);
  const written = ["850ms", "42s", "3m 05s", "2h 10m", "3d 04h"];
  expect([850, 42_000, 185_000, 7_800_000, 273_600_000].map(formatDuration)).toEqual(written);
  expect(written.map((text) => formatDuration(parseDuration(text)!))).toEqual(written);
});
