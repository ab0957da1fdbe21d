import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ExportValue } from "../../src/export/format.ts";
import { BOUND_LENGTH, createStatistics } from "../../src/export/statistics.ts";
import type { Kind } from "../../src/streams/define.ts";

function statisticsOf(kind: Kind, values: readonly ExportValue[]) {
  const statistics = createStatistics([{ name: "it", kind }]);
  for (const value of values) statistics.add([value]);
  return statistics.result()[0]!;
}

const table: [string, Kind, ExportValue[], object][] = [
  ["no rows", "text", [], { nulls: 0, min: null, max: null, exact: true }],
  ["nothing but NULL", "int", [null, null], { nulls: 2, min: null, max: null, exact: true }],
  ["text", "text", ["b", null, "a", ""], { nulls: 1, min: "", max: "b", exact: true }],
  ["integers of any size", "int", [5, 9007199254740993n, -1], { min: -1, max: 9007199254740993n }],
  ["reals", "real", [0.5, -0.5], { min: -0.5, max: 0.5 }],
  ["truth", "bool", [1, 0], { min: false, max: true, exact: true }],
  ["json has none", "json", ["{}", null], { nulls: 1, min: null, max: null }],
  ["in the order of code points", "text", ["\uffff", "😀", "\ue000"], { min: "\ue000", max: "😀" }],
  [
    "long text is cut, upwards at the upper end",
    "text",
    ["x".repeat(100)],
    { min: "x".repeat(64), max: `${"x".repeat(63)}y`, exact: false },
  ],
  [
    "there is nothing above the last code points",
    "text",
    ["\u{10ffff}".repeat(65)],
    { max: null, exact: false },
  ],
  [
    "what follows U+D7FF is no half character",
    "text",
    [`${"\ud7ff".repeat(64)}.`],
    { max: `${"\ud7ff".repeat(63)}\ue000` },
  ],
];

test.each(table)("%s", (_, kind, values, expected) => {
  expect(statisticsOf(kind, values)).toMatchObject({ name: "it", kind, ...expected });
});

test("no value is outside its bounds, as bytes are ordered", () => {
  const unit = fc.constantFrom("a", "z", "é", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}");
  const text = fc.oneof(
    fc.string({ unit, maxLength: 3 }),
    fc.string({ unit, minLength: 60, maxLength: 140 }),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (texts) => {
      const { min, max, exact } = statisticsOf("text", texts);
      for (const value of texts) {
        expect(Buffer.compare(Buffer.from(String(min)), Buffer.from(value))).toBeLessThanOrEqual(0);
        if (max !== null)
          expect(Buffer.compare(Buffer.from(String(max)), Buffer.from(value))).toBeGreaterThanOrEqual(0);
        if (min !== null) expect([...String(min)].length).toBeLessThanOrEqual(BOUND_LENGTH);
      }
      if (exact) expect(texts).toContain(String(min));
    }),
    { numRuns: 2_000 },
  );
});
