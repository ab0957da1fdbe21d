/**
 * The server's own words, out of whatever it answered: both error bodies that Kustomer documents, and the
 * HTML of a gateway in front of it. One line, short, without markup or terminal control characters.
 */
import * as v from "valibot";
import { parseJson } from "../lib/json.ts";

const MAX_LENGTH = 300;

const text = v.fallback(v.nullish(v.string()), null);
/** `{code, message}` and JSON:API's `{code, title, detail, source}`; https://developer.kustomer.com/docs/concepts/errors */
const ErrorObject = v.looseObject({
  message: text,
  title: text,
  detail: text,
  code: text,
  source: v.fallback(v.nullish(v.looseObject({ pointer: text, parameter: text, parameters: text })), null),
});
const ErrorBody = v.looseObject({ errors: v.pipe(v.array(ErrorObject), v.minLength(1)) });
const OtherBody = v.union([
  v.pipe(
    v.looseObject({ message: v.string() }),
    v.transform((body) => body.message),
  ),
  v.pipe(
    v.looseObject({ error: v.string() }),
    v.transform((body) => body.error),
  ),
]);

/** Returns undefined when the body says nothing. */
export function readSaid(body: string): string | undefined {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    // Not JSON: the words are then looked for in the text itself.
    return shorten(stripMarkup(body));
  }
  return shorten(wordsOf(json) ?? compact(json, body));
}

/** The same of a body that was parsed already. */
export function saidOf(body: unknown): string | undefined {
  return shorten(wordsOf(body) ?? "");
}

function compact(json: unknown, body: string): string {
  try {
    return JSON.stringify(json);
  } catch {
    // Nested so deep that it cannot be written anew.
    return body;
  }
}

function shorten(words: string): string | undefined {
  return oneLine(words, MAX_LENGTH) || undefined;
}

/** Text from outside as one line of at most `max` characters, without control characters. */
export function oneLine(text: string, max: number): string {
  const line = text
    .slice(0, 20_000)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return line.length <= max ? line : `${line.slice(0, max - 3).trimEnd()}...`;
}

/** Null when these are no words of an error. */
function wordsOf(json: unknown): string | null {
  const documented = v.safeParse(ErrorBody, json);
  if (documented.success) return documented.output.errors.map(sentence).join("; ");
  const other = v.safeParse(OtherBody, json);
  return other.success ? other.output : null;
}

function sentence(error: v.InferOutput<typeof ErrorObject>): string {
  const words = [error.message, error.title, error.detail].filter(Boolean);
  const source = error.source?.pointer ?? error.source?.parameter ?? error.source?.parameters;
  return `${words.join(": ") || error.code || "an error without words"}${source ? ` (${source})` : ""}`;
}

function stripMarkup(body: string): string {
  if (!/<[a-z!/]/i.test(body)) return body;
  return body
    .replace(/<!--[\s\S]*?(?:-->|$)|<(script|style|head)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, " ")
    .replace(/<[^>]*>?/g, " ")
    .replace(/&nbsp;/gi, " ")
    .replace(/&lt;/gi, "<")
    .replace(/&gt;/gi, ">")
    .replace(/&quot;/gi, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/gi, "&");
}
