/**
 * Aligned text tables that fit the terminal. A row is one line whatever its cells hold: control characters become
 * spaces, and no line ends in spaces. Where a table is too wide, the columns that may give way do so one after the
 * other; those that may not are shown whole, whatever the width.
 */
import { formatCount } from "../lib/amounts.ts";
import { readableTime } from "../lib/time.ts";

/** Several texts say the same, the longest first: all cells of a column are shown at one length. */
export type Cell = string | number | null | readonly string[];

export type Column =
  | string
  | {
      readonly title: string;
      /**
       * When it gives way, among all columns the least number first: once for each shorter text of its cells, and
       * once more to go, or to be cut. What is not named here it never does.
       */
      readonly gives: readonly number[];
      /** How narrow its texts may be cut; without it, it goes. */
      readonly least?: number;
    };

export type TableOptions = {
  readonly color?: boolean;
  /** Columns of the terminal; without it the table is as wide as it likes. */
  readonly width?: number;
};

const GAP = 2;

/** Renders rows under titles; columns of numbers stand to the right with thousands separators, null is `-`. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { color = false, width = Infinity }: TableOptions = {},
): string {
  const shown = fitting(
    columns.map((column, index) =>
      drawn(
        column,
        rows.map((row) => row[index] ?? null),
      ),
    ),
    width,
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, shown[column]!))
      .join(" ".repeat(GAP))
      .trimEnd();
  const head = line(shown.map(({ title }) => title));
  const body = rows.map((_, row) => line(shown.map(({ texts }) => texts[row]!)));
  return [color ? `\x1b[1m${head}\x1b[22m` : head, ...body].map((text) => `${text}\n`).join("");
}

/** The title of a column. */
export function titleOf(column: Column): string {
  return typeof column === "string" ? column : column.title;
}

/** What a cell says in full. */
export function cellText(cell: Cell): string {
  return textAt(cell, 0);
}

/** An instant, in canonical form, as the texts of a cell: to the second, to the minute, the day. */
export function timeTexts(time: string): readonly string[] {
  const text = readableTime(time);
  return [text, `${text.slice(0, 16)}Z`, text.slice(0, 10)];
}

/** Columns a text takes on a terminal: wide characters two, combining ones none. */
export function displayWidth(text: string): number {
  return Bun.stringWidth(text);
}

/** Puts spaces after a text, or before it, up to a width in terminal columns. */
export function pad(text: string, { width, right = false }: { width: number; right?: boolean }): string {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(text)));
  return right ? spaces + text : text + spaces;
}

/** Cuts a text that is wider than `width` terminal columns, ending it in `…`. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (displayWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : "";
}

type Drawn = {
  readonly title: string;
  readonly texts: readonly string[];
  readonly width: number;
  readonly right: boolean;
  readonly gives: number;
  /** The same column when it has to give `excess` columns of width; null when it goes. */
  readonly narrower: (excess: number) => Drawn | null;
};

/** A column with its texts at one length, 0 for the longest. */
function drawn(column: Column, cells: readonly Cell[], length = 0): Drawn {
  const { title, gives, least } =
    typeof column === "string" ? { title: column, gives: [], least: undefined } : column;
  const texts = cells.map((cell) => textAt(cell, length));
  const lengths = Math.max(1, ...cells.map((cell) => (Array.isArray(cell) ? cell.length : 1)));
  return {
    title,
    texts,
    width: Math.max(...[title, ...texts].map(displayWidth)),
    right:
      cells.some((cell) => typeof cell === "number") &&
      cells.every((cell) => cell === null || typeof cell === "number"),
    gives: gives[length] ?? Infinity,
    narrower(excess) {
      if (length + 1 < lengths) return drawn(column, cells, length + 1);
      if (least === undefined) return null;
      const width = Math.max(least, displayWidth(title), this.width - excess);
      const short = texts.map((text) => cut(text, width));
      return { ...this, texts: short, width, gives: Infinity };
    },
  };
}

/** The columns that fit side by side, after as many have given way as it takes. */
function fitting(columns: readonly Drawn[], width: number): readonly Drawn[] {
  const whole = columns.reduce((sum, column) => sum + column.width + GAP, -GAP);
  const first = Math.min(...columns.map(({ gives }) => gives));
  if (whole <= width || first === Infinity) return columns;
  const giving = columns.findIndex(({ gives }) => gives === first);
  const instead = columns[giving]!.narrower(whole - width);
  return fitting(columns.toSpliced(giving, 1, ...(instead === null ? [] : [instead])), width);
}

function textAt(cell: Cell, length: number): string {
  if (cell === null) return "-";
  if (typeof cell === "number") return formatCount(cell);
  const text = typeof cell === "string" ? cell : (cell[Math.min(length, cell.length - 1)] ?? "");
  return text.replace(/\p{Cc}+/gu, " ");
}
