/** A spreadsheet shows the values that are in the file: none is taken for another, run, or lost without a word. */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { createCells, MOST_CHARACTERS, textCell } from "../../src/export/spreadsheet.ts";
import { folder, put, resource, stream } from "../store/fixture.ts";
import { changeFile, exported, manifestOf, optionsOf } from "./fixture.ts";

const cell: ReturnType<typeof createCells>["cell"] = (kind, value) => createCells().cell(kind, value);

describe("a text that a spreadsheet would take for another thing is kept as text", () => {
  test.each([
    // Ids of 24 digits, and those with an e among them, which became 1.8e308.
    "123456789012345678901234",
    "6123456789012345678e9012",
    "123e456",
    "1E5",
    "00123",
    "-0",
    "000",
    "1.10",
    "3.14",
    "1,234",
    "1 234",
    "1'234",
    "1_000",
    "+4915112345678",
    "(030) 123-456",
    "123456789012",
    "-123456789012",
    "5%",
    "$5",
    "€ 5,00",
    "(5)",
    "5-",
    " 42",
    "42 ",
    "\u00a042",
    "１２３",
    "١٢٣",
    "2026-11-24",
    "24.11.2026",
    "11/24/2026",
    "3-4",
    "1/2",
    "10:30",
    "10:30 PM",
    "5 p",
    "MAR1",
    "1-Dec",
    "SEPT2",
    "December 24, 2026",
    "24 dec. 2026 18:05",
    "true",
    "FALSE",
  ])("%j", (text) => {
    expect(textCell(text)).toBe(`'${text}`);
    expect(cell("json", text)).toBe(`'${text}`);
  });

  test.each(["0", "7", "-7", "42", "12345678901"])("but %j is shown as it is", (text) => {
    expect(textCell(text)).toBe(text);
  });

  test.each([
    "",
    "text",
    "5f0e8d9c2b1a4f3e6d7c8b9a",
    "Room 101",
    "Order 12 of 5",
    "12 May Street",
    "Maybe 5",
    "10 a month",
    "e",
    "...",
    "a1",
    "No. 5",
    "1st",
    '{"a":1}',
    "[1,2]",
    "true story",
  ])("and %j too", (text) => {
    expect(textCell(text)).toBe(text);
  });

  test("once, where it is guarded as a formula anyway", () => {
    expect(textCell("-2+3")).toBe("'-2+3");
    expect(textCell("=1")).toBe("'=1");
    expect(textCell("\t00123")).toBe("'\t00123");
  });
});

test("numbers are numbers as far as a spreadsheet holds their digits, and else text", () => {
  expect(cell("int", 7)).toBe("7");
  expect(cell("int", -123456789012345)).toBe("-123456789012345");
  expect(cell("int", 1234567890123450)).toBe("1234567890123450");
  expect(cell("int", 1234567890123456)).toBe("'1234567890123456");
  expect(cell("int", 9223372036854775807n)).toBe("'9223372036854775807");
  expect(cell("real", 5)).toBe("5");
  expect(cell("real", -0.5)).toBe("-0.5");
  expect(cell("real", 0.1 + 0.2)).toBe("0.30000000000000004");
  expect(cell("real", 1e300)).toBe("1e+300");
  expect(cell("real", Number("12345678901234567"))).toBe("'12345678901234568");
  expect(cell("real", Infinity)).toBe("'1e999");
  expect(cell("bool", 1)).toBe("true");
});

test("a time is one that a spreadsheet knows, in UTC; before 1900 it knows none", () => {
  expect(cell("time", "2026-11-24T18:05:31.999Z")).toBe("2026-11-24 18:05:31");
  expect(cell("time", "1900-03-01T00:00:00.000Z")).toBe("1900-03-01 00:00:00");
  expect(cell("time", "1899-12-31T00:00:00.000Z")).toBe("1899-12-31T00:00:00.000Z");
  expect(cell("time", "=NOW()")).toBe("'=NOW()");
});

test("a cell is cut where a spreadsheet's ends, between characters, and counted", () => {
  const cells = createCells();
  const fits = "x".repeat(MOST_CHARACTERS);
  expect(cells.cell("text", fits)).toBe(fits);
  expect(cells.cut()).toBe(0);
  expect(cells.cell("text", `${fits}y`)).toBe(fits);
  expect(cells.cell("json", `"${fits}"`)).toBe(`"${fits.slice(1)}`);
  const smile = `${"x".repeat(MOST_CHARACTERS - 1)}😀`;
  expect(cells.cell("text", smile)).toBe("x".repeat(MOST_CHARACTERS - 1));
  // The apostrophe is a character of the cell, too.
  expect(cells.cell("text", "1".repeat(MOST_CHARACTERS))).toBe(`'${"1".repeat(MOST_CHARACTERS - 1)}`);
  expect(cells.cut()).toBe(4);
});

describe("an export for a spreadsheet", () => {
  const place = folder();
  afterAll(place.remove);
  changeFile(place.db, (store) => {
    const createdAt = "2026-11-24T18:05:31.123Z";
    put(store, "customers", [
      resource("123456789012345678901234", { name: "00123", createdAt, rev: 3 }),
      resource("b", { name: "=1+1", createdAt }),
      resource("c", { name: "x".repeat(40_000), createdAt }),
      resource("d", {
        name: "y".repeat(40_000),
        createdAt: "2026-12-01T00:00:00.000Z",
        email: "z".repeat(40_000),
      }),
    ]);
  });
  const options = (out: string, more: object = {}) =>
    optionsOf(place.db, out, { streams: [stream("customers")], forExcel: true, ...more });

  test("is read back as it was meant", async () => {
    const out = join(place.path, "one");
    await exported(options(out, { columns: ["id", "name", "created_at", "rev"], limit: 2 }));
    const text = readFileSync(join(out, "customers.csv"), "utf8");
    expect(text.startsWith("\ufeffid,")).toBe(true);
    expect(parse(text, { bom: true }) as unknown).toEqual([
      ["id", "name", "created_at", "rev"],
      ["'123456789012345678901234", "'00123", "2026-11-24 18:05:31", "3"],
      ["b", "'=1+1", "2026-11-24 18:05:31", ""],
    ]);
    expect(manifestOf(out).streams[0]!.cut_cells).toBe(0);
  });

  test("says how many cells were cut, in all its files together", async () => {
    const out = join(place.path, "cut");
    const { streams } = await exported(options(out, { partitionBy: "month" }));
    expect(streams[0]!.cut_cells).toBe(3);
    expect(manifestOf(out).streams[0]!.cut_cells).toBe(3);
    const plain = join(place.path, "plain");
    await exported(options(plain, { forExcel: false }));
    expect(manifestOf(plain).streams[0]).not.toHaveProperty("cut_cells");
  });
});
