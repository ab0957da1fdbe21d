/** Numbers as CSV and NDJSON write them: every digit that is there, and a real one is seen to be real. */

/** Whole numbers get `.0`, so that a reader that guesses types guesses right; JSON has no word for infinity. */
export function realText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return Object.is(value, -0) ? "-0.0" : `${value}.0`;
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "1e999" : "-1e999";
}
