/**
 * JSON allows half of a surrogate pair as an escape, but DuckDB and others then refuse the whole file: half a
 * character becomes U+FFFD. A backslash that is escaped itself begins no escape, and so is matched too.
 */
const ESCAPES =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}|\\./g;

/** JSON text without escapes that are half a character. */
export function wholeCharacters(json: string): string {
  if (!json.includes("\\ud") && !json.includes("\\uD")) return json;
  return json.replace(ESCAPES, (found) => (found.length === 6 ? "\\ufffd" : found));
}
