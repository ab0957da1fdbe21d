/** What `load` makes of the bytes of a file. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readRecorded } from "../../src/cli/recorded.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string | Uint8Array, size = 1 << 20) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const rows: unknown[] = [];
  let rejected = 0;
  for await (const part of readRecorded("a.json", inChunks(bytes, size), 10_000)) {
    rows.push(...part.rows);
    rejected += part.rejected;
  }
  return { rows, rejected };
}

/** The lines that a user sees. */
async function complaint(text: string | Uint8Array): Promise<string> {
  const error = await read(text, 7).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).code).toBe("usage");
  return renderError(error as AppError);
}

const row = fc.record({
  type: fc.string(),
  id: fc.string({ minLength: 1, unit: "grapheme" }),
  attributes: fc.dictionary(
    fc.string().filter((name) => name !== "__proto__"),
    fc.jsonValue({ stringUnit: "grapheme" }),
  ),
});

test("the rows are those of the whole text, whatever its layout and its chunks", async () => {
  const layouts: ((rows: object[]) => string)[] = [
    (rows) => JSON.stringify(rows),
    (rows) => JSON.stringify({ meta: { total: 9 }, data: rows, links: {} }),
    (rows) => JSON.stringify({ data: rows, links: { next: "]" } }, null, 2),
    (rows) => rows.map((each) => JSON.stringify(each)).join("\n"),
    (rows) => rows.map((each) => JSON.stringify({ data: each }, null, "\t")).join("\r\n"),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1 }),
      fc.constantFrom(...layouts),
      fc.integer({ min: 1, max: 40 }),
      async (rows, layout, size) => {
        const expected = JSON.parse(JSON.stringify(rows));
        expect(await read(layout(rows), size)).toEqual({ rows: expected, rejected: 0 });
      },
    ),
  );
});

test("digits are kept, and rows without a usable id are counted", async () => {
  const { rows, rejected } = await read('[{"id":"a","attributes":{"n":12345678901234567890}},{"id":""},7]');
  expect(JSON.stringify(rows)).toContain('"n":12345678901234567890');
  expect(rejected).toBe(2);
});

describe("what cannot be read is named by line and byte", () => {
  const good = '{"id":"a"}';
  test.each<[string, string | Uint8Array, string]>([
    ["a row that is no JSON", `[${good},\n${good},{"id":b}]`, "a.json:2: not JSON: "],
    ["in a long line", `[${good},{"id":b}]`, ", at byte 13"],
    [
      "what is cut short",
      `{"data":[${good},{"id`,
      "a.json:1: not JSON, for the text ends in the middle of what begins here",
    ],
    ["a , too many", `[${good},]`, "a.json:1: not JSON, for here a value should stand, at byte 13"],
    ["a page with a bad end", `{"data":[${good}],,}`, "a.json:1: not JSON: "],
    ["something else", `${good}\n{"data":5}`, "a.json:2: expected a page, an array of rows or one row"],
    ["a text", "hello", "a.json:1: not JSON: "],
    ["bytes that are no text", new Uint8Array([0x22, 0xff, 0x22]), "a.json:1: not UTF-8 text"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x5b, 0]), "a.json:1: not UTF-8 text"],
    ["half a byte-order mark", new Uint8Array([0xef, 0x5b, 0x5d]), "a.json:1: not UTF-8 text, at byte 2"],
    ["a row without an end", `[{"id":"${"a".repeat(20_000)}`, "MB without an end, which is no row"],
    ["nothing", " \n", "a.json: the file is empty"],
  ])("%s", async (_, text, says) => {
    expect(await complaint(text)).toContain(says);
  });
});
