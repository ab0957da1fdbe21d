/**
 * A terminal screen without a terminal: replays what was written and returns the lines that a person would
 * see. Knows the sequences that the progress display uses, and throws at any other.
 */

const ESC = "\x1b";

/** What to put among the writes where the window becomes narrower. */
export function narrowTo(columns: number): string {
  return `${ESC}[${columns}W`;
}

/** What a terminal shows of the Enter that a person presses. */
export const ENTER = "\r\n";

/**
 * The lines after all was written in a window of `columns` by `height`, those that have scrolled out of it too,
 * without blank ones at the end.
 */
export function createScreen(columns: number, written: string, height = 24): string[] {
  let width = columns;
  let lines: string[] = [""];
  /** The line that is the first of the window. */
  let top = 0;
  let row = 0;
  let column = 0;
  let saved = { row: 0, column: 0 };
  const goDown = () => {
    row++;
    top = Math.max(top, row - height + 1);
    lines[row] ??= "";
  };
  const put = (character: string) => {
    if (column >= width) {
      goDown();
      column = 0;
    }
    const line = (lines[row] ?? "").padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column++;
  };
  for (const [token] of written.replaceAll(ESC, "␛").matchAll(/␛\[[?\d]*[A-Za-z]|␛[78]|[\s\S]/gu)) {
    const up = /^␛\[(\d+)A$/.exec(token);
    if (up !== null) row = Math.max(top, row - Number(up[1]));
    else if (token === "␛7") saved = { row: row - top, column };
    else if (token === "␛8") {
      row = top + saved.row;
      column = saved.column;
    } else if (token === "\r") column = 0;
    else if (token === "\n") {
      goDown();
      column = 0;
    } else if (token === "␛[K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (token === "␛[J") {
      lines[row] = (lines[row] ?? "").slice(0, column);
      lines = lines.slice(0, row + 1);
    } else if (/^␛\[\d+W$/.test(token)) {
      // What stands there wraps, and the cursor moves with its line.
      width = Number(token.slice(2, -1));
      const wrapped = lines.map((line) => line.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""]);
      row = wrapped.slice(0, row).flat().length + Math.floor(column / width);
      lines = wrapped.flat();
      top = Math.max(0, lines.length - height);
    } else if (token.startsWith("␛") && !/^␛\[\?25[lh]$/.test(token)) {
      throw new Error(`unexpected escape sequence ${JSON.stringify(token)}`);
    } else if (!token.startsWith("␛")) put(token);
  }
  const shown = lines.map((line) => line.trimEnd());
  while (shown.at(-1) === "") shown.pop();
  return shown;
}
