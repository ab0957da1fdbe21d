/**
 * Aligned text tables. A row is one line whatever its cells hold: nothing is wrapped or cut, no line ends in
 * spaces, and control characters become spaces.
 */

import { formatCount } from "../lib/count.ts";

export type Cell = string | number | null;

/** Renders rows under titles; columns of numbers stand to the right with thousands separators, null is `-`. */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: { readonly color?: boolean } = {},
): string {
  const texts = rows.map((row) => titles.map((_, column) => cellText(row[column] ?? null)));
  const layout = titles.map((title, column) => ({
    width: Math.max(...[title, ...texts.map((row) => row[column]!)].map(displayWidth)),
    right:
      rows.some((row) => typeof row[column] === "number") &&
      rows.every((row) => typeof row[column] !== "string"),
  }));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, layout[column]!))
      .join("  ")
      .trimEnd();
  const head = line(titles);
  return [options.color ? `\x1b[1m${head}\x1b[22m` : head, ...texts.map(line)]
    .map((text) => `${text}\n`)
    .join("");
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

function cellText(cell: Cell): string {
  if (cell === null) return "-";
  return typeof cell === "number" ? formatCount(cell) : cell.replace(/\p{Cc}+/gu, " ");
}
