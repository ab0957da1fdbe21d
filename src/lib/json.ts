/**
 * Reads JSON without losing digits. `JSON.parse` rounds `12345678901234567890` and turns `1e309` into
 * Infinity; here a number that a double cannot hold comes back as a raw JSON object, which `JSON.stringify`
 * writes exactly as it was read. Every other value is what `JSON.parse` makes of it.
 */

type RawJson = { readonly rawJSON: string };

/** ECMAScript's JSON source text access, which TypeScript's own declarations do not know yet. */
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(source: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/**
 * A number of 16 characters or more, or one with an exponent, where a value may stand. Fewer digits always
 * survive, so a text without a match needs no second look. Text inside strings may match too, which costs
 * time, ten times that of `JSON.parse`, and changes nothing; hence the look at what follows the number.
 */
const SUSPICIOUS = /(?:^|[:,[\s])-?(?:[\d.]{16,}|[\d.]+(?=[eE]))(?:[eE][+-]?\d+)?\s*(?:[,\]}]|$)/;

/**
 * To keep the digits costs a call for each level, and some thousands overflow the stack. Nothing that is nested
 * half as deep can be stored, so what lies below is of no use to anybody.
 */
const DEEPEST = 2_000;

/**
 * Parses JSON text, a leading byte-order mark allowed; throws SyntaxError as `JSON.parse` does. In a text that
 * holds such a number, null may stand for what is nested deeper than 2,000 levels.
 */
export function parseJson(text: string): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!SUSPICIOUS.test(source)) return JSON.parse(source);
  try {
    return parseDigits(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Throws SyntaxError where that, too, is the matter: what is cut is not looked at.
    JSON.parse(source);
    return parseDigits(cutDeep(source));
  }
}

function parseDigits(source: string): unknown {
  return json.parse(source, (_key, value, context) => {
    if (typeof value !== "number" || context.source === undefined) return value;
    return sameValue(context.source, value) ? value : json.rawJSON(context.source);
  });
}

/** The two that open; those that close come two after them. */
const BRACKET = 0x5b;
const BRACE = 0x7b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Puts null in the place of what is nested deeper than `DEEPEST`; the text is JSON. */
function cutDeep(source: string): string {
  const kept: string[] = [];
  let level = 0;
  let from = 0;
  let inText = false;
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charCodeAt(at);
    if (char === BACKSLASH) at += 1;
    else if (char === QUOTE) inText = !inText;
    else if (inText) continue;
    else if (char === BRACKET || char === BRACE) {
      level += 1;
      if (level === DEEPEST + 1) kept.push(source.slice(from, at), "null");
    } else if (char === BRACKET + 2 || char === BRACE + 2) {
      level -= 1;
      if (level === DEEPEST) from = at + 1;
    }
  }
  return [...kept, source.slice(from)].join("");
}

/** The source text of a number that a double cannot hold; null for every other value. */
export function rawNumber(value: unknown): string | null {
  return json.isRawJSON(value) ? value.rawJSON : null;
}

function sameValue(source: string, value: number): boolean {
  return Number.isFinite(value) && plainDigits(source) === plainDigits(String(value));
}

/** One spelling for every way to write a number: `1.0`, `10e-1` and `1` are the same, as are `-0` and `0`. */
function plainDigits(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const scale = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${scale}`;
}
