/** What a Parquet file says of itself, and what of it is read back. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import type { Compression, ExportColumn, ExportRow, ExportValue } from "../../src/export/format.ts";
import { parquet } from "../../src/export/parquet.ts";
import type { Kind } from "../../src/streams/define.ts";
import { readParquetRows } from "./hyparquet.ts";

type Options = { readonly compression?: Compression; readonly rowGroupRows?: number };

async function encode(
  columns: readonly ExportColumn[],
  rows: readonly ExportRow[],
  { compression = "none", ...more }: Options = {},
): Promise<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const out = async (bytes: Uint8Array) => void pieces.push(bytes.slice());
  const encoder = parquet.begin(columns, out, { compression, forExcel: false, ...more });
  for (let from = 0; from < rows.length; from += 32) await encoder.write(rows.slice(from, from + 32));
  await encoder.end();
  return Uint8Array.from(Buffer.concat(pieces)).buffer;
}

const column = (kind: Kind): ExportColumn[] => [{ name: "it", kind }];

const values: [string, Kind, ExportValue, unknown][] = [
  ["NULL", "text", null, null],
  ["text", "text", 'say "hi"\n\0é€😀', 'say "hi"\n\0é€😀'],
  ["empty text", "text", "", ""],
  ["half a character", "text", "a\ud800b", "a\ufffdb"],
  ["a time", "time", "2026-11-23T01:02:03.004Z", new Date("2026-11-23T01:02:03.004Z")],
  ["a time before 1970", "time", "1900-02-28T23:59:59.999Z", new Date("1900-02-28T23:59:59.999Z")],
  ["a time far off", "time", "9999-12-31T23:59:59.999Z", new Date("9999-12-31T23:59:59.999Z")],
  ["an integer", "int", 12, 12n],
  ["a negative integer", "int", -3_000_000_000, -3_000_000_000n],
  ["the least integer", "int", -9223372036854775808n, -9223372036854775808n],
  ["the greatest integer", "int", 9223372036854775807n, 9223372036854775807n],
  ["a real", "real", 0.1, 0.1],
  ["minus zero", "real", -0, -0],
  ["what is beyond all reals", "real", -Infinity, -Infinity],
  ["true", "bool", 1, true],
  ["false", "bool", 0, false],
  ["json, as it is stored", "json", '{"n": 12345678901234567890}', '{"n": 12345678901234567890}'],
];

describe.each([1, 3, 100])("%d times in a column, beside NULLs,", (times) => {
  test.each(values)("%s comes back", async (_, kind, value, expected) => {
    const rows = Array.from({ length: times }, (): ExportRow[] => [[null], [value]]).flat();
    const read = await readParquetRows(await encode(column(kind), rows));
    expect(read).toEqual(Array.from({ length: times }, () => [{ it: null }, { it: expected }]).flat());
  });
});

test("what is no value of its column's kind is an error, and no NULL", async () => {
  expect(encode(column("time"), [["yesterday"]])).rejects.toThrow('"yesterday" is no instant');
  expect(encode(column("int"), [[0.5]])).rejects.toThrow();
});

test("a column has the type of its kind though it has no value, and only id is required", async () => {
  const kinds: Kind[] = ["text", "json", "int", "real", "bool", "time"];
  const columns = [{ name: "id", kind: "text" as const }, ...kinds.map((kind) => ({ name: kind, kind }))];
  for (const rows of [[], [["1", null, null, null, null, null, null]]]) {
    const { schema, num_rows } = parquetMetadata(await encode(columns, rows));
    expect(num_rows).toBe(BigInt(rows.length));
    expect(schema.slice(1).map(({ name, type, repetition_type }) => [name, type, repetition_type])).toEqual([
      ["id", "BYTE_ARRAY", "REQUIRED"],
      ["text", "BYTE_ARRAY", "OPTIONAL"],
      ["json", "BYTE_ARRAY", "OPTIONAL"],
      ["int", "INT64", "OPTIONAL"],
      ["real", "DOUBLE", "OPTIONAL"],
      ["bool", "BOOLEAN", "OPTIONAL"],
      ["time", "INT64", "OPTIONAL"],
    ]);
    expect(schema.map(({ logical_type }) => logical_type?.type)).toEqual([
      undefined,
      "STRING",
      "STRING",
      "STRING",
      undefined,
      undefined,
      undefined,
      "TIMESTAMP",
    ]);
    // Both names of a type say the same, and JSON is text that every reader takes for text.
    for (const { converted_type } of schema.slice(1, 4)) expect(converted_type).toBe("UTF8");
    expect(schema.at(-1)).toMatchObject({
      converted_type: "TIMESTAMP_MILLIS",
      logical_type: { isAdjustedToUTC: true, unit: "MILLIS" },
    });
  }
});

describe("row groups", () => {
  const columns: ExportColumn[] = [
    { name: "id", kind: "text" },
    { name: "at", kind: "time" },
    { name: "n", kind: "int" },
    { name: "json", kind: "json" },
  ];
  const at = (index: number) => `2026-01-01T00:00:00.${String(index).padStart(3, "0")}Z`;
  const rows = Array.from({ length: 100 }, (_, index): ExportRow => {
    return [`row ${String(index).padStart(3, "0")}`, index % 10 === 0 ? null : at(index), 50 - index, "{}"];
  });

  test("have so many rows as was asked, and each the bounds and NULLs of its own", async () => {
    const { row_groups } = parquetMetadata(await encode(columns, rows, { rowGroupRows: 40 }));
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([40n, 40n, 20n]);
    const told = row_groups.map((group) => group.columns.map(({ meta_data }) => meta_data!.statistics!));
    expect(
      told[1]!.map(({ min_value, max_value, null_count }) => [min_value, max_value, null_count]),
    ).toEqual([
      ["row 040", "row 079", 0n],
      [new Date(at(41)), new Date(at(79)), 4n],
      [-29n, 10n, 0n],
      [undefined, undefined, 0n],
    ]);
  });

  const wide = Array.from(
    { length: 64 },
    (_, index): ExportRow => [String(index).repeat(500_000), null, 1, "[]"],
  );

  test("are cut by their size too, so that no width of row fills the memory", async () => {
    const { row_groups } = parquetMetadata(await encode(columns, wide, { compression: "zstd" }));
    expect(row_groups.length).toBeGreaterThan(3);
    expect(row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0)).toBe(64);
  });

  test("have the rows that were asked for, whatever their size", async () => {
    const asked = { compression: "zstd", rowGroupRows: 40 } as const;
    const { row_groups } = parquetMetadata(await encode(columns, wide, asked));
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([40n, 24n]);
  });

  test("say of a long text only how it begins, and that this is no value of it", async () => {
    const long = ["b".repeat(5_000), "m", `${"y".repeat(63)}\u{10ffff}${"z".repeat(100)}`];
    const file = await encode(
      column("text"),
      long.map((text) => [text]),
    );
    const { min_value, max_value, is_min_value_exact, is_max_value_exact } =
      parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!.statistics!;
    expect([min_value, max_value]).toEqual(["b".repeat(64), `${"y".repeat(62)}z`]);
    expect([is_min_value_exact, is_max_value_exact]).toEqual([false, false]);
  });
});

/** Series of values, and whether a dictionary of them pays. */
const series: [string, (row: number) => number, number, boolean][] = [
  ["all the same", () => 7, 1_000, true],
  ["two by turns", (row) => row % 2, 1_000, true],
  ["each of them new", (row) => row, 1_000, false],
  ["new ones from the hundredth on", (row) => Math.max(100, row), 1_000, false],
  ["more than two bytes can number", (row) => (row < 60_000 ? 0 : row >> 1), 200_000, false],
  ["as many as nine bits can number, in runs", (row) => Math.floor(row / 20) % 500, 20_000, true],
];

describe.each([250_000, 700])("in row groups of %d,", (rowGroupRows) => {
  test.each(series)("%s: they come back, in a dictionary or not", async (_, numberOf, count, isListed) => {
    for (const kind of ["int", "text"] as const) {
      const valued = (row: number): ExportValue => (kind === "int" ? numberOf(row) : `text ${numberOf(row)}`);
      const rows = Array.from({ length: count }, (_, row): ExportRow => [row % 7 === 3 ? null : valued(row)]);
      const file = await encode(column(kind), rows, { rowGroupRows });
      const { row_groups } = parquetMetadata(file);
      if (row_groups.length === 1) {
        const { encodings } = row_groups[0]!.columns[0]!.meta_data!;
        expect(encodings.includes("RLE_DICTIONARY")).toBe(isListed);
      }
      const read = (await readParquetRows(file)).map(({ it }) => it);
      const given = rows.map(([value]) => (typeof value === "number" ? BigInt(value) : value));
      expect(read.findIndex((value, row) => value !== given[row])).toBe(-1);
      expect(read).toHaveLength(count);
    }
  });
});

test("either zero may be a bound, and so the wider one is", async () => {
  const file = await encode(column("real"), [[0], [-0], [0]]);
  const { min_value, max_value } = parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!.statistics!;
  expect([Object.is(min_value, -0), Object.is(max_value, 0)]).toEqual([true, true]);
});

test.each(["none", "gzip", "zstd"] as const)("packed with %s, it says by what", async (compression) => {
  const file = await encode(column("text"), [["x".repeat(1_000)]], { compression });
  const { codec } = parquetMetadata(file).row_groups[0]!.columns[0]!.meta_data!;
  expect(codec).toBe({ none: "UNCOMPRESSED", gzip: "GZIP", zstd: "ZSTD" }[compression] as never);
});

test("whatever rows there are, they come back in their order", async () => {
  const text = fc.oneof(fc.constantFrom("", "a", "b", "é", "😀"), fc.string({ unit: "grapheme" }));
  const row = fc.tuple(
    fc.option(text),
    fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.option(fc.double({ noNaN: true })),
    fc.option(fc.constantFrom(0, 1)),
    fc.option(fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") })),
  );
  const columns = (["text", "int", "real", "bool", "time"] as const).map((kind) => ({ name: kind, kind }));
  const compression = fc.constantFrom<Compression>("none", "zstd");
  const groups = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 120 }),
      groups,
      compression,
      async (given, rowGroupRows, packed) => {
        const rows = given.map(([text, int, real, bool, at]) => [
          text,
          int,
          real,
          bool,
          at?.toISOString() ?? null,
        ]);
        const read = await readParquetRows(
          await encode(columns, rows, { rowGroupRows, compression: packed }),
        );
        expect(read).toEqual(
          given.map(([text, int, real, bool, time]) => ({
            text,
            int,
            real,
            bool: bool === null ? null : bool === 1,
            time,
          })),
        );
      },
    ),
  );
});
