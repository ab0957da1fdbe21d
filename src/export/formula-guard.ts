/**
 * Keeps a spreadsheet from running text as a formula: an apostrophe before the sign that would begin one. Where a
 * comma is the decimal point, a spreadsheet may split a line at semicolons, and then tabs and line breaks begin a
 * cell as well, quotes or not; so a formula is guarded there too.
 */

/** The beginning of what may become a cell, with all that may be dropped before a formula: space, quotes, control and invisible characters. */
const START = /(?:[;\t\r\n]|^)[\s"'`\p{Cc}\p{Cf}]*/gu;
/** The wide forms are read as the narrow ones by Excel in Chinese, Japanese and Korean. */
const SIGNS = "=+-@＝＋－＠";
/** What is a number to everybody. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The text, with an apostrophe wherever a spreadsheet might find a formula, and before a leading tab or line break. */
export function guardFormula(text: string): string {
  if (NUMBER.test(text)) return text;
  const guarded = text.replace(START, (start, offset: number) => {
    const next = text.charAt(offset + start.length);
    return next !== "" && SIGNS.includes(next) ? `${start}'` : start;
  });
  return /^[\t\r\n]/.test(guarded) ? `'${guarded}` : guarded;
}
