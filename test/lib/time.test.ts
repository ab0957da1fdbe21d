import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDuration, formatTime, isCanonicalTime, parseDuration, parseTime } from "../../src/lib/time.ts";

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

test("durations", () => {
  const cases: [string, number | null][] = [
    ["15m", 900_000],
    ["90s", 90_000],
    ["1.5h", 5_400_000],
    ["500ms", 500],
    ["2d", 172_800_000],
    ["0s", 0],
    ["15", null],
    ["m", null],
    ["-5m", null],
    ["5 minutes", null],
    ["", null],
  ];
  for (const [text, ms] of cases) expect(parseDuration(text)).toBe(ms);
  expect([850, 42_000, 185_000, 7_800_000].map(formatDuration)).toEqual(["850ms", "42s", "3m 05s", "2h 10m"]);
});
