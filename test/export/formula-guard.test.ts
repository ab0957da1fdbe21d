import { expect, test } from "bun:test";
import fc from "fast-check";
import { guardFormula } from "../../src/export/formula-guard.ts";

const guarded: [string, string][] = [
  ["=1+1", "'=1+1"],
  ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
  ["-2+3", "'-2+3"],
  ["@SUM(A1:A9)", "'@SUM(A1:A9)"],
  ["  =1+1", "  '=1+1"],
  ['"=1+1"', '"\'=1+1"'],
  ["\t=1+1", "'\t'=1+1"],
  ["\r\n=1", "'\r\n'=1"],
  ["\ttext", "'\ttext"],
  ["\u200b\ufeff=1", "\u200b\ufeff'=1"],
  ["\0=1", "\0'=1"],
  ["＝1+1", "'＝1+1"],
  // Split there where the comma is the decimal point.
  ["'=1", "''=1"],
  ["hello;=1+1", "hello;'=1+1"],
  ["hello\n=HYPERLINK(1)", "hello\n'=HYPERLINK(1)"],
  ["a;\n =1", "a;\n '=1"],
  ['{"text":"x;=1"}', '{"text":"x;\'=1"}'],
];

test.each(guarded)("%j is guarded", (text, expected) => {
  expect(guardFormula(text)).toBe(expected);
});

const untouched = [
  "",
  "text",
  "a=b",
  "1+1",
  "-5",
  "+49301234",
  "-1.5e-7",
  "2026-11-23",
  "x - y",
  "a@b.com",
  "(=1)",
];

test.each(untouched)("%j stays as it is", (text) => {
  expect(guardFormula(text)).toBe(text);
});

test("wherever a spreadsheet splits a text, no piece of it begins a formula", () => {
  const unit = fc.constantFrom("=", "+", "-", "@", ";", "\t", "\n", "\r", " ", '"', "a", "1", "\0", "＝");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const pieces = guardFormula(text).split(/[;\t\r\n]/);
      const runs = pieces
        .map((piece) => piece.replace(/^[\s"\0]+/, ""))
        .filter((piece) => /^[=+\-@＝]/.test(piece));
      expect(runs.filter((piece) => !/^[+-]?\d+$/.test(piece))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test("a megabyte of line breaks takes no longer than it has characters", () => {
  expect(guardFormula("\n ".repeat(500_000))).toHaveLength(1_000_001);
});
