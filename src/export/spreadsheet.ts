/**
 * What a cell has to look like for a spreadsheet to open it rightly. A text stays the text it is: an apostrophe keeps it
 * from becoming a number, a date or a formula. What is a time becomes one that the spreadsheet knows, in UTC; what is
 * longer than a cell holds is cut, and counted. The apostrophe is seen in Excel and LibreOffice; `="..."` would not be,
 * but is itself a formula, and invisible characters would make two ids that look alike differ.
 */
import type { Kind } from "../streams/define.ts";
import type { ExportValue } from "./format.ts";
import { guardFormula } from "./formula-guard.ts";
import { realText } from "./value-text.ts";

/** The most characters in a cell of Excel; what is beyond would be put into the next row. */
export const MOST_CHARACTERS = 32_767;

/** The most rows in a sheet, the header among them. */
export const MOST_ROWS = 1_048_576;

type Value = Exclude<ExportValue, null>;

export type Cells = {
  readonly cell: (kind: Kind, value: Value) => string;
  /** How many cells were too long and have been cut. */
  readonly cut: () => number;
};

/** Makes the texts of cells. */
export function createCells(): Cells {
  let cut = 0;
  return {
    cell(kind, value) {
      const text = CELL[kind](value);
      if (text.length <= MOST_CHARACTERS) return text;
      cut += 1;
      return beginningOf(text);
    },
    cut: () => cut,
  };
}

const CELL: Readonly<Record<Kind, (value: Value) => string>> = {
  text: (value) => textCell(String(value)),
  json: (value) => textCell(String(value)),
  time: (value) => timeCell(String(value)),
  int: (value) => numberCell(typeof value === "bigint" ? value : Number(value)),
  real: (value) => numberCell(Number(value)),
  bool: (value) => (value === 0 ? "false" : "true"),
};

/** A text that stays as it is. */
export function textCell(text: string): string {
  const guarded = guardFormula(text);
  return isTakenForAnother(text) && !guarded.startsWith("'") ? `'${guarded}` : guarded;
}

/** Spreadsheets hold fifteen digits of a number: of a fraction the rest is rounding, of an id or a count it is its end. */
function numberCell(value: number | bigint): string {
  const text = String(value);
  if (value === Infinity || value === -Infinity) return `'${realText(Number(value))}`;
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  const digits = text.replace(/e.*$/, "").replace(/\D/g, "").replace(/0+$/, "");
  return isWhole && digits.length > 15 ? `'${text}` : text;
}

/** `2026-11-24 18:05:31`: with parts of a second Excel would show nothing but these. */
function timeCell(text: string): string {
  const isShown = TIME.test(text) && text >= "1900-03-01";
  return isShown ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : textCell(text);
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** What is shown as it is written: Excel shows longer numbers as 1.23E+11. */
const SHORT_NUMBER = /^(?:0|-?[1-9]\d{0,10})$/;

/** Digits, and whatever may stand between and around those of a number, an amount, a share, a date or a time. */
const NUMERIC = /^[\s\p{Nd}\p{Sc}+\-−.,:/\\%()'’_eE]*$/u;
const DIGIT = /\p{Nd}/u;
const MONTH =
  /^[\s\d/.,-]*(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)[\s\d/.,:-]*$/i;
const HOUR = /^\s*[\d:.]+\s*[ap]\.?m?\.?\s*$/i;
const BOOL = /^\s*(?:true|false)\s*$/i;

/** Whether a spreadsheet might make something else of a text, and show that. */
function isTakenForAnother(text: string): boolean {
  if (SHORT_NUMBER.test(text)) return false;
  if (!DIGIT.test(text)) return BOOL.test(text);
  return NUMERIC.test(text) || MONTH.test(text) || HOUR.test(text);
}

/** As much as a cell holds, without half a character at its end. */
function beginningOf(text: string): string {
  const last = text.charCodeAt(MOST_CHARACTERS - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, MOST_CHARACTERS - (isHalf ? 1 : 0));
}
