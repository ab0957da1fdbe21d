import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson, rawNumber } from "../../src/lib/json.ts";

describe("a number that a double cannot hold", () => {
  test.each([
    "9007199254740993",
    "12345678901234567890",
    "-12345678901234567890",
    "1e309",
    "-1E+309",
    "1e-400",
    "0.1234567890123456789",
    "1234567.12345678901234",
    "123456789012345680.5",
  ])("%s is kept as it was written", (source) => {
    for (const text of [source, `[${source}]`, `{"a":${source},"b":[1,${source}]}`]) {
      expect(JSON.stringify(parseJson(text))).toBe(text);
    }
    expect(rawNumber(parseJson(source))).toBe(source);
    expect(rawNumber((parseJson(`{"a": ${source}}`) as { a: unknown }).a)).toBe(source);
  });
});

describe("a number that a double holds", () => {
  test.each([
    ["0", 0],
    ["-0", -0],
    ["1.0", 1],
    ["1e3", 1_000],
    ["10E-1", 1],
    ["0e99999999999999999999", 0],
    ["0.000000000000000000000001", 1e-24],
    ["9007199254740992", 9007199254740992],
    ["1234567890123456", 1234567890123456],
    ["0.10000000000000000", 0.1],
    ["1.7976931348623157e308", Number.MAX_VALUE],
    ["5e-324", Number.MIN_VALUE],
    ["100000000000000000000", 1e20],
  ])("%s is a number", (source, value) => {
    expect(parseJson(source)).toBe(value);
    expect(parseJson(`{"a":[${source}]}`)).toEqual({ a: [value] });
    expect(rawNumber(parseJson(source))).toBeNull();
  });
});

test("digits inside strings and names stay text", () => {
  const value = {
    "12345678901234567890": ': 12345678901234567890, "1e309"',
    id: "5f1f0c2a9b1d2e0019aa0001",
    phone: "12345678901234567890",
    nested: [", 1e309", " 9007199254740993 "],
  };
  expect(parseJson(JSON.stringify(value))).toEqual(value);
  expect(parseJson(`[12345678901234567890,${JSON.stringify(value)}]`)).toMatchObject([{}, value]);
});

test("odd names survive beside a number that needs care", () => {
  const text = '{"__proto__":{"x":1},"constructor":2,"toString":[],"n":12345678901234567890}';
  expect(JSON.stringify(parseJson(text))).toBe(text);
});

test("a byte-order mark is no error, and everything else that is not JSON is", () => {
  expect(parseJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
  for (const text of ["", "<html>", '{"a":', "[12345678901234567890", "NaN", "01234567890123456789"]) {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  }
});

test("only raw numbers are raw numbers", () => {
  for (const value of [1, "1", null, undefined, { rawJSON: "1" }, []]) expect(rawNumber(value)).toBeNull();
});

/** A decimal number as any JSON writer may put it. */
const digits = fc.stringMatching(/^(0|[1-9]\d{0,24})$/);
const source = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits,
    fc.stringMatching(/^(\.\d{1,24})?$/),
    fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
  )
  .map((parts) => parts.join(""));

/** The exact value of a decimal, as an integer times a power of ten far below any exponent used here. */
function exactly(number: string): bigint {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return BigInt(whole + fraction) * 10n ** BigInt(1_100 + Number(exponent) - fraction.length);
}

test("every number comes back with exactly its value", () => {
  fc.assert(
    fc.property(source, (number) => {
      const parsed = parseJson(`{"n":${number}}`) as { n: unknown };
      const back = rawNumber(parsed.n) ?? String(parsed.n);
      expect(exactly(back)).toBe(exactly(number));
      expect(JSON.stringify(parsed)).toBe(`{"n":${JSON.stringify(parsed.n)}}`);
    }),
    { numRuns: 2_000 },
  );
});

test("what JSON.stringify writes is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

describe("nesting", () => {
  const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
  const depth = (value: unknown) => {
    let levels = 0;
    for (
      let at = value;
      typeof at === "object" && at !== null;
      at = Array.isArray(at) ? at[0] : Object.values(at)[0]
    )
      levels += 1;
    return levels;
  };

  test.each([50_000, 5_000_000])("of %d levels is read", (levels) => {
    expect(depth(parseJson(nested(levels, "[", "]")))).toBe(levels);
  });

  test.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
    ["objects with others beside them", '[{"x":[]},{"a":', '},{"y":[1]}]'],
  ])("of any depth leaves every digit beside it as it was: %s", (_name, open, close) => {
    // Brackets inside text are none.
    const text = '"[[{\\"]}}"';
    for (const levels of [900, 5_000, 200_000]) {
      const inner = open.endsWith(":")
        ? `${open.repeat(levels)}1${close.repeat(levels)}`
        : nested(levels, open, close);
      const source = `{"before":12345678901234567890,"text":${text},"deep":${inner},"after":[0.12345678901234567890]}`;
      const { deep, ...rest } = parseJson(source) as Record<string, unknown>;
      expect(JSON.stringify(rest)).toBe(
        `{"before":12345678901234567890,"text":${text},"after":[0.12345678901234567890]}`,
      );
      if (open === "[") expect(depth(deep)).toBeGreaterThan(Math.min(levels, 1_900) - 1);
    }
  });

  test("of any depth, where it is not JSON, is not taken for it", () => {
    const source = `[12345678901234567890,${"[".repeat(50_000)}x${"]".repeat(50_000)}]`;
    expect(() => parseJson(source)).toThrow(SyntaxError);
  });
});
