/** Values as CSV, NDJSON and Parquet write them: what other readers would refuse, or guess wrongly, is not written. */

/** Whole numbers get `.0`, so that a reader that guesses types guesses right; JSON has no word for infinity. */
export function realText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return Object.is(value, -0) ? "-0.0" : `${value}.0`;
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "1e999" : "-1e999";
}

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
