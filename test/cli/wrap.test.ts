import { expect, test } from "bun:test";
import fc from "fast-check";
import { displayWidth } from "../../src/cli/table.ts";
import { glossary, wrap } from "../../src/cli/wrap.ts";

test("a text is broken between words and after a |, and what follows is indented", () => {
  expect(wrap("one two three", 9, "  ")).toEqual(["one two", "  three"]);
  expect(wrap("usage a|bcd|e", 9)).toEqual(["usage a|", "bcd|e"]);
  expect(wrap("", 9)).toEqual([""]);
});

test("no line is wider than asked but for a word that is, and no word is lost", () => {
  const words = fc.array(fc.string({ minLength: 1, unit: "grapheme" }).filter((word) => !/[\s|]/.test(word)));
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 30 }), (words, width) => {
      const lines = wrap(words.join(" "), width, " ");
      expect(lines.join(" ").split(" ").filter(Boolean)).toEqual(words);
      for (const line of lines.filter((line) => line.trim().includes(" ")))
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});

test("meanings stand in a column of their own", () => {
  expect(
    glossary(
      [
        ["a", "the first of all"],
        ["long", "short"],
      ],
      16,
    ),
  ).toEqual(["a     the first", "      of all", "long  short"]);
});
