import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BadJson, createJsonCutter, type JsonPart } from "../../src/lib/json-parts.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const MOST = 1_000_000;

type Cut = { kind: JsonPart["kind"]; text: string; line: number; byte: number };

/** Cuts a text that comes in chunks of these sizes, which are gone through again and again. */
function cut(text: string, sizes: readonly number[] = [MOST], most = MOST): Cut[] {
  const cutter = createJsonCutter(most);
  const bytes = bytesOf(text);
  const found: Cut[] = [];
  const take = (parts: JsonPart[]) => {
    for (const { kind, bytes, place } of parts)
      found.push({ kind, text: new TextDecoder().decode(bytes), ...place });
  };
  // One buffer for all chunks, as a reader of files has it: what is kept must be a copy.
  const buffer = new Uint8Array(MOST);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.min(sizes[turn % sizes.length]!, bytes.length - at);
    buffer.set(bytes.subarray(at, at + size));
    take(cutter.push(buffer.subarray(0, size)));
    at += size;
  }
  take(cutter.end());
  return found;
}

const kinds = (text: string) => cut(text).map(({ kind, text }) => `${kind} ${text}`);

describe("what is cut out of a text", () => {
  test.each<[string, string, string[]]>([
    ["an array", '[{"a":1}, {"b":[2]}]', ['row {"a":1}', 'row {"b":[2]}']],
    [
      "a page",
      '{"meta":{"n":1},"data":[{"a":1},{"b":2}],"links":{}}',
      ['row {"a":1}', 'row {"b":2}', 'frame {"meta":{"n":1},"data":[],"links":{}}'],
    ],
    ["an empty page", '{"data":[]}', ['frame {"data":[]}']],
    ["an empty array", " [ ] ", []],
    ["one row", '{"data":{"data":[1]}}', ['whole {"data":{"data":[1]}}']],
    ["a text that is called data", '{"data":"[1]","x":[1]}', ['whole {"data":"[1]","x":[1]}']],
    ["a value that is data", '{"x":"data","y":[1]}', ['whole {"x":"data","y":[1]}']],
    ["data with escapes is read whole", '{"d\\u0061ta":[1]}', ['whole {"d\\u0061ta":[1]}']],
    [
      "lines",
      '{"a":1}\n{"b":2}\r\n\n{"data":[3]}',
      ['whole {"a":1}', 'whole {"b":2}', "row 3", 'frame {"data":[]}'],
    ],
    [
      "words and texts",
      '[1, -2.5e3,true,null ,"a,]}"]',
      ["row 1", "row -2.5e3", "row true", "row null", 'row "a,]}"'],
    ],
    ["a word at the end", "1 2", ["whole 1", "whole 2"]],
    ["brackets and quotes in texts", '[{"a":"]}\\"\\\\"},"[{"]', ['row {"a":"]}\\"\\\\"}', 'row "[{"']],
    ["arrays in an array", "[[1],[[]]]", ["row [1]", "row [[]]"]],
    ["byte-order marks", '\ufeff{"a":1}\n\ufeff{"b":2}', ['whole {"a":1}', 'whole {"b":2}']],
  ])("%s", (_, text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });

  test("each has the place where it begins", () => {
    const text = '[\n  {"é":\n"x"},\n  2]\n{"data": [\n3]}';
    expect(cut(text).map(({ text, line, byte }) => [text, line, byte])).toEqual([
      ['{"é":\n"x"}', 2, 4],
      ["2", 4, 19],
      ["3", 6, 33],
      ['{"data": []}', 5, 22],
    ]);
  });
});

describe("any value, in any layout and in chunks of any size", () => {
  const value = fc.jsonValue({ stringUnit: "binary" });
  const row = fc.oneof(value, fc.dictionary(fc.constantFrom("id", "data", "a"), value));
  const layout = fc.constantFrom(undefined, 1, "\t");
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });

  test("comes whole, in its order", () => {
    fc.assert(
      fc.property(fc.array(row), layout, sizes, fc.boolean(), (rows, space, sizes, isPage) => {
        const frame = { links: { next: null }, data: rows, meta: 'data"[' };
        const text = JSON.stringify(isPage ? frame : rows, null, space);
        const parts = cut(text, sizes);
        const values = parts.filter(({ kind }) => kind === "row").map(({ text }) => JSON.parse(text));
        expect(values).toEqual(JSON.parse(JSON.stringify(rows)));
        const rest = parts.filter(({ kind }) => kind !== "row");
        expect(rest.map(({ text }) => JSON.parse(text))).toEqual(isPage ? [{ ...frame, data: [] }] : []);
        for (const { text: part, byte, line, kind } of parts) {
          const before = new TextDecoder().decode(bytesOf(text).subarray(0, byte));
          expect(line).toBe(before.split("\n").length);
          if (kind === "row") expect(text.slice(before.length)).toStartWith(part);
        }
      }),
    );
  });

  test("is the same whatever the chunks, line after line too", () => {
    fc.assert(
      fc.property(fc.array(row), sizes, (rows, sizes) => {
        const text = rows.map((each) => JSON.stringify(each)).join("\n");
        expect(cut(text, sizes)).toEqual(cut(text));
        const wholes = cut(`{"a":1}\n${text}`, sizes).filter(({ kind }) => kind === "whole");
        expect(wholes[0]?.text).toBe('{"a":1}');
      }),
    );
  });

  test("a page that is cut short anywhere has no end", () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.nat(), (rows, at) => {
        const bytes = bytesOf(JSON.stringify({ data: rows }));
        const cutter = createJsonCutter(MOST);
        cutter.push(bytes.slice(0, 1 + (at % (bytes.length - 1))));
        expect(() => cutter.end()).toThrow(BadJson);
      }),
    );
  });
});

describe("what is no JSON", () => {
  const failure = (text: string, most = MOST) => {
    try {
      cut(text, [3], most);
    } catch (error) {
      if (error instanceof BadJson) return { message: error.message, ...error.place };
      throw error;
    }
    return null;
  };

  test.each<[string, number, number]>([
    ["[1,]", 1, 3],
    ["[,1]", 1, 1],
    ["[1 2]", 1, 3],
    ["[1\n\n2]", 3, 4],
    ["[1}", 1, 2],
    ['{"data":[1,\n,2]}', 2, 12],
    ["[1", 1, 1],
    ["[1,", 1, 0],
    ['{"data":[{}', 1, 0],
    ['{"data":[]', 1, 0],
    ['\n"abc', 2, 1],
  ])("%j, at line %d after byte %d", (text, line, byte) => {
    expect(failure(text)).toMatchObject({ line, byte });
  });

  test("a part that is too large is refused before it is held", () => {
    expect(failure(`[1,"${"a".repeat(500)}"]`, 100)).toMatchObject({ byte: 3 });
    expect(failure(`{"a":"${"a".repeat(500)}"}`, 100)).toMatchObject({ byte: 0 });
    expect(cut(`[${"1,".repeat(500)}1]`, [3], 100)).toHaveLength(501);
  });
});

test("nothing but white space is empty", () => {
  for (const [text, expected] of [
    ["", true],
    [" \n", true],
    ["[]", false],
    ["1", false],
  ] as const) {
    const cutter = createJsonCutter(MOST);
    cutter.push(bytesOf(text));
    expect([text, cutter.isEmpty()]).toEqual([text, expected]);
  }
});
