import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Column, cut, displayWidth, pad, renderTable, timeTexts } from "../../src/cli/table.ts";

test("numbers stand to the right with thousands separators, text to the left, null is a dash", () => {
  const table = renderTable(
    ["stream", "rows", "synced to"],
    [
      ["notes", 1_234_567, "2026-01-31"],
      ["conversations", 8, null],
    ],
  );
  expect(table).toBe(
    [
      "stream              rows  synced to",
      "notes          1,234,567  2026-01-31",
      "conversations          8  -",
      "",
    ].join("\n"),
  );
});

test("wide characters count two columns, combining ones none", () => {
  const table = renderTable(
    ["name", "x"],
    [
      ["日本", "a"],
      ["e\u0301te\u0301", "b"],
    ],
  );
  expect(table).toBe("name  x\n日本  a\ne\u0301te\u0301   b\n");
});

test("a column of dashes and words stays to the left, one of dashes and numbers to the right", () => {
  expect(
    renderTable(
      ["a", "number"],
      [
        ["-", null],
        ["x", 1],
      ],
    ),
  ).toBe("a  number\n-       -\nx       1\n");
  expect(
    renderTable(
      ["a", "word"],
      [
        [null, 1],
        ["x", "y"],
      ],
    ),
  ).toBe("a  word\n-  1\nx  y\n");
});

test("colour only where asked for, and an empty table still has its titles", () => {
  expect(renderTable(["a"], [])).toBe("a\n");
  expect(renderTable(["a"], [["b"]], { color: true })).toBe("\x1b[1ma\x1b[22m\nb\n");
});

test("every row is one line without spaces at its end, whatever its cells hold", () => {
  const cell = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), (rows) => {
      const table = renderTable(["one", "two"], rows);
      expect(table.split("\n")).toHaveLength(rows.length + 2);
      expect(table).not.toMatch(/[^\P{Cc}\n]/u);
      expect(table).not.toMatch(/ \n/);
    }),
  );
});

test("what was cut fits, and what fits is not cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 20 }), (text, width) => {
      const short = cut(text, width);
      expect(displayWidth(short)).toBeLessThanOrEqual(width);
      if (displayWidth(text) <= width) expect(short).toBe(text);
    }),
  );
  expect(cut("conversations", 8)).toBe("convers…");
  expect(cut("日本語", 4)).toBe("日…");
});

test("padding never shortens", () => {
  expect(pad("abc", { width: 5 })).toBe("abc  ");
  expect(pad("abc", { width: 5, right: true })).toBe("  abc");
  expect(pad("abcdef", { width: 5 })).toBe("abcdef");
});

describe("a table that is wider than the terminal", () => {
  const columns: Column[] = [
    "stream",
    { title: "read", gives: [2] },
    { title: "synced to", gives: [1, 3] },
    { title: "problem", gives: [4], least: 10 },
  ];
  const rows = [["notes", 1_200, timeTexts("2026-11-24T18:05:31.999Z"), "the key may not read this one"]];
  const at = (width: number) => renderTable(columns, rows, { width }).split("\n").slice(0, 2);

  test("is shown whole where it fits, to the column", () => {
    expect(at(66)).toEqual([
      "stream   read  synced to             problem",
      "notes   1,200  2026-11-24 18:05:31Z  the key may not read this one",
    ]);
  });

  test("gives way column by column, in the order that it was told", () => {
    expect([65, 62, 50, 45].map((width) => at(width)[1])).toEqual([
      "notes   1,200  2026-11-24 18:05Z  the key may not read this one",
      "notes   2026-11-24 18:05Z  the key may not read this one",
      "notes   2026-11-24  the key may not read this one",
      "notes   2026-11-24  the key may not read thi…",
    ]);
  });

  test("cuts a text no narrower than it may, and leaves out nothing that may not go", () => {
    expect(at(10)).toEqual(["stream  synced to   problem", "notes   2026-11-24  the key m…"]);
  });

  test("is no wider than it was, whatever the width, and fits whenever what must stay does", () => {
    const shorter = fc.string().map((text) => [text, text.slice(0, text.length / 2)]);
    const cell = fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), shorter);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 0, max: 60 }), (rows, width) => {
        const widest = (text: string) => Math.max(...text.split("\n").map(displayWidth));
        const shape = ["a", { title: "b", gives: [1, 2, 5] }, { title: "c", gives: [3, 4], least: 3 }];
        const table = widest(renderTable(shape, rows, { width }));
        expect(table).toBeLessThanOrEqual(widest(renderTable(shape, rows)));
        const least = widest(renderTable(shape, rows, { width: 0 }));
        expect(table).toBeLessThanOrEqual(Math.max(width, least));
      }),
    );
  });
});
