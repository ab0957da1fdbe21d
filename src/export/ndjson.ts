/**
 * NDJSON: one object a line, typed as the columns are. Every column is in every line, null included; json columns
 * are put in as they are stored, so that no digit of theirs passes through a double, but for halves of characters.
 */
import type { Kind } from "../streams/define.ts";
import { createChunks, putLine } from "./chunks.ts";
import type { ExportRow, ExportValue, Format } from "./format.ts";
import { realText } from "./number-text.ts";
import { wholeCharacters } from "./whole-characters.ts";

export const ndjson: Format = {
  name: "ndjson",
  compressesItself: false,
  compression: "none",
  begin: (columns, out) => {
    const chunks = createChunks(out);
    const names = columns.map(({ name }, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
    const texts = columns.map(({ kind }) => TEXT[kind]);
    const lineOf = (row: ExportRow): string => {
      let line = "";
      for (let column = 0; column < names.length; column += 1) {
        const value = row[column]!;
        line += names[column]! + (value === null ? "null" : texts[column]!(value));
      }
      line += "}\n";
      return wholeCharacters(line);
    };
    return {
      async write(rows) {
        for (const row of rows) {
          const waiting = putLine(chunks, lineOf(row));
          if (waiting !== undefined) await waiting;
        }
      },
      end: chunks.end,
    };
  },
};

type Value = Exclude<ExportValue, null>;

const TEXT: Readonly<Record<Kind, (value: Value) => string>> = {
  text: (value) => JSON.stringify(value),
  time: (value) => JSON.stringify(value),
  int: String,
  real: (value) => realText(Number(value)),
  bool: (value) => (value === 0 ? "false" : "true"),
  json: (value) => oneLine(String(value)),
};

/** Outside strings, where JSON allows none, a line break is only space. */
function oneLine(json: string): string {
  return json.includes("\n") || json.includes("\r") ? json.replace(/[\r\n]+/g, " ") : json;
}
