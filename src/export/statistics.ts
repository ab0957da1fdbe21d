/**
 * What is said of each column of a file: its NULLs and bounds, by which a reader knows that it need not open the
 * file. Bounds are never too narrow: a long text's are cut, the upper one rounded up.
 */
import type { Kind } from "../streams/define.ts";
import type { ExportColumn, ExportRow, ExportValue } from "./format.ts";

export type ColumnStatistics = {
  readonly name: string;
  readonly kind: Kind;
  readonly nulls: number;
  /** No value is less; null where there is none, or none is known, and always for json. */
  readonly min: Bound;
  /** No value is greater. */
  readonly max: Bound;
  /** False where a bound was cut, and so is no value of the column. */
  readonly exact: boolean;
};

export type Bound = string | number | bigint | boolean | null;

export type Statistics = {
  readonly add: (row: ExportRow) => void;
  readonly result: () => ColumnStatistics[];
};

/** Code points of a text that are kept in a bound. */
export const BOUND_LENGTH = 64;

type Value = Exclude<ExportValue, null>;

export function createStatistics(columns: readonly ExportColumn[]): Statistics {
  const nulls = columns.map(() => 0);
  const min: ExportValue[] = columns.map(() => null);
  const max: ExportValue[] = columns.map(() => null);
  const bounded = columns.map(({ kind }) => kind !== "json");
  /** Where a bound has characters that JavaScript orders otherwise. */
  const high = columns.map(() => false);
  return {
    add(row) {
      for (let column = 0; column < bounded.length; column += 1) {
        const value = row[column]!;
        if (value === null) {
          nulls[column]! += 1;
          continue;
        }
        if (!bounded[column]) continue;
        const [least, most] = [min[column]!, max[column]!];
        const isFirst = least === null || most === null;
        const isLess = high[column] ? isBefore : isSmaller;
        const isLeast = isFirst || isLess(value, least);
        const isMost = isFirst || isLess(most, value);
        if (isLeast) min[column] = value;
        if (isMost) max[column] = value;
        if ((isLeast || isMost) && typeof value === "string") high[column] ||= HIGH.test(value);
      }
    },
    result: () =>
      columns.map(({ name, kind }, column) => {
        const [least, most] = [min[column]!, max[column]!];
        const [low, high] = [
          least === null ? null : floor(kind, least),
          most === null ? null : ceiling(kind, most),
        ];
        const exact = kind === "bool" || (low === least && high === most);
        return { name, kind, nulls: nulls[column]!, min: low, max: high, exact };
      }),
  };
}

function isSmaller(one: Value, other: Value): boolean {
  return one < other;
}

/** The order of code points, which is that of UTF-8 bytes; JavaScript's own is another above U+D7FF. */
function isBefore(one: Value, other: Value): boolean {
  if (typeof one !== "string" || typeof other !== "string") return one < other;
  let place = 0;
  while (place < one.length && one.charCodeAt(place) === other.charCodeAt(place)) place += 1;
  const [a, b] = [one.charCodeAt(place), other.charCodeAt(place)];
  const isApart = a >= 0xd800 && b >= 0xd800 && isSurrogate(a) !== isSurrogate(b);
  return isApart ? isSurrogate(b) : one < other;
}

const HIGH = /[\ud800-\uffff]/;

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function floor(kind: Kind, value: Value): Bound {
  if (kind === "bool") return value !== 0;
  return typeof value === "string" ? lowerBound(value) : value;
}

function ceiling(kind: Kind, value: Value): Bound {
  if (kind === "bool") return value !== 0;
  return typeof value === "string" ? upperBound(value) : value;
}

/** A text of at most `BOUND_LENGTH` code points that is not greater. */
function lowerBound(text: string): string {
  return cut(text).join("");
}

/** A text of at most `BOUND_LENGTH` code points that is not less; null where there is none. */
function upperBound(text: string): string | null {
  const points = cut(text);
  if (points.length < BOUND_LENGTH || points.join("").length === text.length) return text;
  // The next text of that length: the last code point that has a next one is raised, and what follows is dropped.
  while (points.length > 0) {
    const next = points.pop()!.codePointAt(0)! + 1;
    if (next <= 0x10ffff) return points.join("") + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return null;
}

function cut(text: string): string[] {
  // Twice as many of JavaScript's characters hold as many code points at least.
  return [...text.slice(0, BOUND_LENGTH * 2)].slice(0, BOUND_LENGTH);
}
