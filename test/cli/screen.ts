/**
 * A terminal screen without a terminal: replays what was written and returns the lines that a person would
 * see. Knows the sequences that the progress display uses, and throws at any other.
 */

const ESC = "\x1b";

/** What to put among the writes where the window becomes narrower. */
export function narrowTo(columns: number): string {
  return `${ESC}[${columns}W`;
}

/** The lines after all was written in a window of `columns`, without blank ones at the end. */
export function createScreen(columns: number, written: string): string[] {
  let width = columns;
  let lines: string[] = [""];
  let row = 0;
  let column = 0;
  const put = (character: string) => {
    if (column >= width) {
      row++;
      column = 0;
      lines[row] ??= "";
    }
    const line = (lines[row] ?? "").padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column++;
  };
  for (const [token] of written.replaceAll(ESC, "␛").matchAll(/␛\[[?\d]*[A-Za-z]|[\s\S]/gu)) {
    const up = /^␛\[(\d+)A$/.exec(token);
    if (up !== null) row = Math.max(0, row - Number(up[1]));
    else if (token === "\r") column = 0;
    else if (token === "\n") {
      row++;
      column = 0;
      lines[row] ??= "";
    } else if (token === "␛[K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (token === "␛[J") {
      lines[row] = (lines[row] ?? "").slice(0, column);
      lines = lines.slice(0, row + 1);
    } else if (/^␛\[\d+W$/.test(token)) {
      // What stands there wraps, and the cursor moves down with it.
      width = Number(token.slice(2, -1));
      lines = lines.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""]);
      row = lines.length - 1;
    } else if (token.startsWith("␛") && !/^␛\[\?25[lh]$/.test(token)) {
      throw new Error(`unexpected escape sequence ${JSON.stringify(token)}`);
    } else if (!token.startsWith("␛")) put(token);
  }
  const shown = lines.map((line) => line.trimEnd());
  while (shown.at(-1) === "") shown.pop();
  return shown;
}
