import { expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, suggest } from "../../src/cli/suggest.ts";

const COMMANDS = ["sync", "status", "streams", "check", "load", "sandbox", "demo"];

test.each([
  ["snyc", "sync"],
  ["sycn", "sync"],
  ["Sync", "sync"],
  ["steams", "streams"],
  ["stream", "streams"],
  ["stat", "status"],
  ["chekc", "check"],
  ["sand", "sandbox"],
  ["lod", "load"],
])("%s: did you mean %s?", (typed, meant) => {
  expect(suggest(typed, COMMANDS)).toBe(meant);
});

test.each(["", "x", "export-everything", "zzzz"])("%p is near nothing", (typed) => {
  expect(suggest(typed, COMMANDS)).toBeNull();
});

test("an exact name wins over a near one", () => {
  expect(suggest("status", ["statuss", "status"])).toBe("status");
});

test("the distance is 0 for equal words, the same both ways, and at most the longer word", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, (one, other) => {
      const distance = editDistance(one, other);
      expect(distance === 0).toBe(one === other);
      expect(distance).toBe(editDistance(other, one));
      expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
    }),
  );
});

test.each([
  ["sync", "snyc", 1],
  ["sync", "syn", 1],
  ["sync", "async", 1],
  ["kitten", "sitting", 3],
])("from %s to %s it takes %i", (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits);
});
