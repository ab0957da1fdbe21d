import { describe, expect, test } from "bun:test";
import { readRateHeaders, readServerTime } from "../../src/kustomer/rate-headers.ts";

const DATE = "Mon, 23 Nov 2026 01:02:03 GMT";
const SERVER = Date.parse(DATE);
/** The laptop is an hour late, which must not matter where the answer has a date. */
const LOCAL = SERVER - 3_600_000;

describe("the end of the window", () => {
  test.each<[string, Record<string, string>, number | null]>([
    ["Retry-After in seconds", { date: DATE, "retry-after": "17" }, 17_000],
    ["Retry-After as a date", { date: DATE, "retry-after": "Mon, 23 Nov 2026 01:02:33 GMT" }, 30_000],
    ["Retry-After in the past", { date: DATE, "retry-after": "Mon, 23 Nov 2026 01:00:00 GMT" }, 0],
    ["a reset in epoch milliseconds", { date: DATE, "x-ratelimit-reset": String(SERVER + 12_345) }, 12_345],
    // The window ends somewhere inside the named second.
    ["a reset in epoch seconds", { date: DATE, "x-ratelimit-reset": String(SERVER / 1_000 + 12) }, 13_000],
    ["a reset in seconds to wait", { date: DATE, "x-ratelimit-reset": "41" }, 41_000],
    ["a reset that has passed", { date: DATE, "x-ratelimit-reset": String(SERVER - 5_000) }, 0],
    ["Retry-After before a reset", { date: DATE, "retry-after": "3", "x-ratelimit-reset": "41" }, 3_000],
    ["an unreadable Retry-After", { date: DATE, "retry-after": "soon 1", "x-ratelimit-reset": "41" }, 41_000],
    ["no Date: the local clock", { "x-ratelimit-reset": String(LOCAL + 7_000) }, 7_000],
    [
      "an unreadable Date: the local clock",
      { date: "today", "x-ratelimit-reset": String(LOCAL + 7_000) },
      7_000,
    ],
    ["nothing", { date: DATE }, null],
    ["nothing readable", { date: DATE, "x-ratelimit-reset": "later" }, null],
    ["a negative number", { date: DATE, "x-ratelimit-reset": "-5" }, null],
  ])("%s", (_name, headers, expected) => {
    expect(readRateHeaders(new Headers(headers), LOCAL).resetMs).toBe(expected);
  });
});

describe("the counts", () => {
  test.each([
    ["1000", 1_000],
    [" 1000 ", 1_000],
    ["1000, 1000;w=60", 1_000],
    ["0", null],
    ["-1", null],
    ["many", null],
    ["", null],
  ])("limit %p", (text, expected) => {
    expect(readRateHeaders(new Headers({ "x-ratelimit-limit": text }), 0).limit).toBe(expected);
  });

  test("zero remaining is a count, and a missing one is none", () => {
    expect(readRateHeaders(new Headers({ "x-ratelimit-remaining": "0" }), 0).remaining).toBe(0);
    expect(readRateHeaders(new Headers(), 0).remaining).toBeNull();
  });
});

test("the server's clock is read from Date, or is not known", () => {
  expect(readServerTime(new Headers({ date: DATE }))).toBe(SERVER);
  expect(readServerTime(new Headers({ date: "60" }))).toBeNull();
  expect(readServerTime(new Headers())).toBeNull();
});

test.each([
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", Date.UTC(9999, 11, 31, 23, 59, 59)],
  ["Wed, 31 Dec 1969 23:59:59 GMT", null],
  ["Fri, 31 Dec 9999 23:59:59 -0500", null],
  ["Mon, 23 Nov 12026 01:02:03 GMT", null],
  ["Mon, 23 Nov 275761 01:02:03 GMT", null],
])("a server's clock is of a year from 1970 to 9999: %p", (date, expected) => {
  const headers = new Headers({ date, "x-ratelimit-reset": String(LOCAL + 7_000) });
  expect(readServerTime(headers)).toBe(expected);
  // What the clock does not tell, the local one does.
  if (expected === null) expect(readRateHeaders(headers, LOCAL).resetMs).toBe(7_000);
});
