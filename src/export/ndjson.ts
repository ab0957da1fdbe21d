/**
 * NDJSON: one object a line, typed as the columns are. Every column is in every line, null included; json columns
 * are put in as they are stored, so that no digit of theirs passes through a double, but for halves of characters.
 */
import type { Kind } from "../streams/define.ts";
import { createChunks, mostBytes, putText } from "./chunks.ts";
import type { ExportRow, ExportValue, Format } from "./format.ts";
import { realText, wholeCharacters } from "./value-text.ts";

export const ndjson: Format = {
  name: "ndjson",
  compressesItself: false,
  compression: "none",
  begin: (columns, out) => {
    const chunks = createChunks(out);
    const names = columns.map(({ name }, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
    const before = names.map((name) => Buffer.from(name));
    const nulls = names.map((name) => Buffer.from(`${name}null`));
    const least = nulls.reduce((sum, { length }) => sum + length, 2);
    const textOf = columns.map(({ kind }) => TEXT[kind]);
    const line: (string | null)[] = columns.map(() => null);
    const fill = (row: ExportRow) => {
      let most = least;
      for (let column = 0; column < line.length; column += 1) {
        const value = row[column]!;
        const text = value === null ? null : textOf[column]!(value);
        line[column] = text;
        if (text !== null) most += mostBytes(text);
      }
      return most;
    };
    const putBytes = (bytes: Uint8Array) => {
      chunks.bytes.set(bytes, chunks.filled);
      chunks.filled += bytes.length;
    };
    const putLine = () => {
      for (let column = 0; column < line.length; column += 1) {
        const text = line[column]!;
        putBytes(text === null ? nulls[column]! : before[column]!);
        if (text !== null) putText(chunks, text);
      }
      putText(chunks, "}\n");
    };
    return {
      async write(rows) {
        for (const row of rows) {
          // Awaited only where there is something to wait for, which is rare and would cost every row.
          const waiting = chunks.reserve(fill(row));
          if (waiting !== undefined) await waiting;
          putLine();
        }
      },
      end: chunks.end,
    };
  },
};

type Value = Exclude<ExportValue, null>;

const TEXT: Readonly<Record<Kind, (value: Value) => string>> = {
  text: (value) => wholeCharacters(JSON.stringify(value)),
  time: (value) => JSON.stringify(value),
  int: String,
  real: (value) => realText(Number(value)),
  bool: (value) => (value === 0 ? "false" : "true"),
  json: (value) => wholeCharacters(oneLine(String(value))),
};

/** Outside strings, where JSON allows none, a line break is only space. */
function oneLine(json: string): string {
  return json.includes("\n") || json.includes("\r") ? json.replace(/[\r\n]+/g, " ") : json;
}
