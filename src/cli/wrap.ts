/** Breaks texts into lines that fit a width, between words; a word that is wider than that stays whole. */
import { displayWidth, pad } from "./table.ts";

/**
 * Breaks a text between words, the lines after the first indented. A word may also be broken after a `|`, so that
 * a list of choices is no obstacle.
 */
export function wrap(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/ *(?:[^ |]+\|?|\|)/g) ?? []) {
    if (line.trim() !== "" && displayWidth(line + word) > width) {
      lines.push(line);
      line = indent + word.trimStart();
    } else {
      line += word;
    }
  }
  return [...lines, line];
}

/** Names with what they mean beside them, which stays in a column of its own. */
export function glossary(
  entries: readonly (readonly [name: string, meaning: string])[],
  width: number,
): string[] {
  const column = Math.max(0, ...entries.map(([name]) => displayWidth(name))) + 2;
  return entries.flatMap(([name, meaning]) =>
    wrap(pad(name, { width: column }) + meaning, width, " ".repeat(column)),
  );
}
