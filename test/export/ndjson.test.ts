import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ExportColumn, ExportValue } from "../../src/export/format.ts";
import { ndjson } from "../../src/export/ndjson.ts";
import type { Kind } from "../../src/streams/define.ts";
import { encode } from "./encode.ts";

const values: [string, Kind, ExportValue, string][] = [
  ["null is there, and so is its column", "text", null, "null"],
  ["text", "text", 'say "hi"\n\0\\', '"say \\"hi\\"\\n\\u0000\\\\"'],
  ["a time", "time", "2026-11-23T01:02:03.004Z", '"2026-11-23T01:02:03.004Z"'],
  ["an integer", "int", 12, "12"],
  ["an integer beyond 2^53", "int", -9223372036854775808n, "-9223372036854775808"],
  ["a real that is whole is seen to be real", "real", 2, "2.0"],
  ["a real", "real", 1.5e-7, "1.5e-7"],
  ["no number holds it", "real", -Infinity, "-1e999"],
  ["true", "bool", 1, "true"],
  ["false", "bool", 0, "false"],
  [
    "json as it is stored, digits and all",
    "json",
    '{"n":12345678901234567890,"o":1e309}',
    '{"n":12345678901234567890,"o":1e309}',
  ],
  [
    "half a character is U+FFFD, a whole one and what only looks like a half stay",
    "json",
    String.raw`{"\ud800":"a\uDFFFb","\ud83d\ude00":"\\ud800 \\\ud800 \ud800\ud83d\ude00 \u00e9"}`,
    String.raw`{"\ufffd":"a\ufffdb","\ud83d\ude00":"\\ud800 \\\ufffd \ufffd\ud83d\ude00 \u00e9"}`,
  ],
  ["json that somebody broke into lines", "json", '{\n"a":\r\n"b\\n"}', '{ "a": "b\\n"}'],
];

test.each(values)("%s", async (_, kind, value, expected) => {
  expect(await encode(ndjson, [{ name: "it", kind }], [[value]])).toBe(`{"it":${expected}}\n`);
});

test("without rows there is nothing", async () => {
  expect(await encode(ndjson, [{ name: "it", kind: "text" }], [])).toBe("");
});

test("every line is JSON, of whatever texts and names", async () => {
  const names = fc.uniqueArray(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(names, fc.array(fc.string({ unit: "binary" })), async (names, texts) => {
      const columns = names.map((name): ExportColumn => ({ name, kind: "text" }));
      const rows = texts.map((text) => names.map(() => text));
      const lines = (await encode(ndjson, columns, rows)).split("\n");
      expect(lines.pop()).toBe("");
      const read = lines.map((line) => Object.entries(JSON.parse(line) as object));
      const expected = texts.map((text) =>
        Object.entries(Object.fromEntries(names.map((name) => [name, text]))),
      );
      expect(read).toEqual(expected);
    }),
  );
});

test("a line larger than a chunk is whole", async () => {
  const long = "é".repeat(400_000);
  const text = await encode(ndjson, [{ name: "it", kind: "text" }], [["a"], [long], ["b"]]);
  expect(
    text
      .split("\n")
      .slice(0, 3)
      .map((line) => (JSON.parse(line) as { it: string }).it),
  ).toEqual(["a", long, "b"]);
});
