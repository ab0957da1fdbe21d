import { expect, test } from "bun:test";
import { amountOf, formatCount, listed } from "../../src/lib/amounts.ts";

test("one is one of something, and every other count is of several", () => {
  expect([0, 1, 2, 1_000].map((count) => amountOf(count, "row"))).toEqual([
    "0 rows",
    "1 row",
    "2 rows",
    "1,000 rows",
  ]);
  expect([1, 11].map((count) => amountOf(count, "search", "searches"))).toEqual(["1 search", "11 searches"]);
});

test("digits are in groups of three", () => {
  expect([0, 999, 1_000, 1_234_567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
});

test("names stand in a row, the last after an and", () => {
  const names = ["notes", "tags", "teams"];
  expect([0, 1, 2, 3].map((count) => listed(names.slice(0, count)))).toEqual([
    "",
    "notes",
    "notes and tags",
    "notes, tags and teams",
  ]);
});
