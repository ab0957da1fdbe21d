/**
 * Lines drawn in place at the bottom of a terminal. The cursor is parked on their first one, at a place that the
 * terminal is told to remember: whatever a person types meanwhile, Enter too, moves it away and not the lines, and
 * is drawn over. It is back below all other lines, and visible, when the lines go, however the process ends.
 */
import type { TextStream } from "./terminal.ts";

/** What is drawn changes at most so often, so that nobody's terminal is kept busy. */
export const REDRAW_MS = 100;

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[J";
const REMEMBER = "\x1b7";
const RETURN = "\x1b8";
/** So many lines the cursor can go down, by Enter, before the terminal scrolls and the place is another. */
const ROOM = 5;

export type Painter = {
  /** Draws what is new. */
  readonly paint: () => void;
  /** Writes a line above the others, which keep their place below; with `isNews` they are drawn anew at once. */
  readonly above: (line: string, isNews: boolean) => void;
  readonly clear: () => void;
};

/** Makes a painter; `render` gives the lines as they are now, none wider or more than fit. */
export function createPainter(
  stream: TextStream,
  now: () => number,
  render: (size: { columns: number; rows: number }) => string[],
): Painter {
  let frame: readonly string[] = [];
  let drawnAt = -Infinity;
  let drawnSize = { columns: 0, rows: 0 };
  let cursorHidden = false;
  const sizeNow = () => ({ columns: Math.max(1, stream.columns ?? 80), rows: stream.rows ?? 24 });
  const isResized = ({ columns, rows }: typeof drawnSize) =>
    columns !== drawnSize.columns || rows !== drawnSize.rows;

  /** Back to the first line. A window of another size has moved the cursor along with it, and not the place. */
  const back = () => (frame.length === 0 ? "" : isResized(sizeNow()) ? "\r" : RETURN);
  const leave = () => stream.write(back() + ERASE_BELOW + SHOW_CURSOR);
  // Ctrl-Z gives the terminal to the shell: the lines go, and are drawn below whatever it writes.
  const pause = () => {
    clear();
    process.kill(process.pid, "SIGSTOP");
  };

  const draw = (above: string | null, isNews = false) => {
    const size = sizeNow();
    const due = isNews || now() - drawnAt >= REDRAW_MS;
    const lines = due ? render(size) : frame;
    const isSame = lines.length === frame.length && lines.every((line, index) => line === frame[index]);
    if (above === null && isSame && !isResized(size)) return;
    let text = back();
    // Wrapped lines stay marked as one line in the terminal unless they are erased first.
    if (above !== null || isResized(size)) text += ERASE_BELOW;
    if (above !== null) text += `${above}\n`;
    text += lines.map((line) => `${line}\x1b[K\n`).join("") + ERASE_BELOW;
    if (lines.length > 0) {
      const below = Math.max(lines.length, Math.min(ROOM, size.rows - 1));
      text += `${"\n".repeat(below - lines.length)}\x1b[${below}A${REMEMBER}`;
    }
    if (!cursorHidden && lines.length > 0) {
      cursorHidden = true;
      process.once("exit", leave);
      if (process.platform !== "win32") process.on("SIGTSTP", pause);
      text = HIDE_CURSOR + text;
    }
    stream.write(text);
    frame = lines;
    drawnSize = size;
    if (due) drawnAt = now();
  };
  const clear = () => {
    if (frame.length > 0) stream.write(back() + ERASE_BELOW);
    frame = [];
    if (!cursorHidden) return;
    cursorHidden = false;
    process.off("exit", leave);
    process.off("SIGTSTP", pause);
    stream.write(SHOW_CURSOR);
  };
  return { paint: () => draw(null), above: (line, isNews) => draw(line, isNews), clear };
}
