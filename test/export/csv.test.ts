import { expect, test } from "bun:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { csv } from "../../src/export/csv.ts";
import type { ExportColumn, ExportValue } from "../../src/export/format.ts";
import type { Kind } from "../../src/streams/define.ts";
import { encode } from "./encode.ts";

const cells: [string, Kind, ExportValue, string][] = [
  ["NULL is an empty cell", "text", null, ""],
  ["an empty text is quoted, to be told from NULL", "text", "", '""'],
  ["plain text stands bare", "text", "Olá – 😀", "Olá – 😀"],
  ["a comma", "text", "a,b", '"a,b"'],
  ["a quote", "text", 'say "hi"', '"say ""hi"""'],
  ["line breaks", "text", "a\r\nb\nc\rd", '"a\r\nb\nc\rd"'],
  ["NUL and other control characters", "text", "a\0b\x01c\x02", "a\0b\x01c\x02"],
  ["control characters between quotes", "text", '\x01"\x01,', '"\x01""\x01,"'],
  ["a formula is left as it is", "text", "=1+1", "=1+1"],
  ["space at the ends", "text", " a ", " a "],
  ["a time", "time", "2026-11-23T01:02:03.004Z", "2026-11-23T01:02:03.004Z"],
  ["a time that somebody wrote", "time", '"soon, I hope', '"""soon, I hope"'],
  ["an integer", "int", -7, "-7"],
  ["an integer beyond 2^53", "int", 9007199254740993n, "9007199254740993"],
  ["a real that is whole", "real", 5, "5.0"],
  ["a real", "real", 0.1, "0.1"],
  ["a very large one", "real", 1e300, "1e+300"],
  ["no number holds it", "real", Infinity, "1e999"],
  ["true", "bool", 1, "true"],
  ["false", "bool", 0, "false"],
  ["json", "json", '{"a":[1,"x"]}', '"{""a"":[1,""x""]}"'],
  ["json that is a number", "json", "12345678901234567890", '"12345678901234567890"'],
];

test.each(cells)("%s", async (_, kind, value, expected) => {
  const columns: ExportColumn[] = [
    { name: "id", kind: "text" },
    { name: "it", kind },
  ];
  expect(await encode(csv, columns, [["a", value]])).toBe(`id,it\r\na,${expected}\r\n`);
});

test("without rows there is a header, of odd names too", async () => {
  const columns: ExportColumn[] = [
    { name: 'a"b', kind: "text" },
    { name: "c,d", kind: "int" },
  ];
  expect(await encode(csv, columns, [])).toBe('"a""b","c,d"\r\n');
});

test("whatever texts are written are read back by another parser, NULL told from empty", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "\x01", "\0", "a", "é", "😀") }),
    fc.constantFrom("x".repeat(300_000), '"'.repeat(200_000)),
  );
  const columns: ExportColumn[] = [0, 1, 2].map((index) => ({ name: `c${index}`, kind: "text" }));
  const row = fc.array(fc.option(text), { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 5 }), async (rows) => {
      const written = await encode(csv, columns, rows);
      const read = parse(written, {
        record_delimiter: "\r\n",
        from_line: 2,
        cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
      });
      expect(read as unknown).toEqual(rows);
    }),
    { numRuns: 200 },
  );
});

test("for Excel: a byte-order mark, guarded text and names, and numbers as they are", async () => {
  const columns: ExportColumn[] = [
    { name: "=id", kind: "text" },
    { name: "sum", kind: "int" },
    { name: "share", kind: "real" },
    { name: "extra", kind: "json" },
  ];
  const written = await encode(csv, columns, [["=1+1", -5, -0.5, '"=2"']], { forExcel: true });
  expect(written).toBe(`\ufeff'=id,sum,share,extra\r\n'=1+1,-5,-0.5,"""'=2"""\r\n`);
});
