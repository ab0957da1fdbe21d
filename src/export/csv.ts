/**
 * CSV as RFC 4180 has it: UTF-8, a header, CRLF between records, quotes where a cell needs them. A NULL is an
 * empty cell and an empty text is `""`, so that the two can be told apart. Cells are put into the bytes one by one,
 * and their quotes doubled there: strings that are made for it cost more than all the rest.
 */
import type { Kind } from "../streams/define.ts";
import { type Chunks, createChunks, mostBytes, putText } from "./chunks.ts";
import type { ExportRow, ExportValue, Format } from "./format.ts";
import { createCells, textCell } from "./spreadsheet.ts";
import { realText } from "./value-text.ts";

const BYTE_ORDER_MARK = "\ufeff";
const QUOTE = 34;
const COMMA = 44;
const END = [13, 10] as const;
/** Those around a cell; those within it, of one byte each, are doubled and so fewer than the most bytes of it. */
const QUOTES = 2;

export const csv: Format = {
  name: "csv",
  compressesItself: false,
  compression: "none",
  begin: (columns, out, { forExcel }) => {
    const chunks = createChunks(out);
    const quoter = createQuoter();
    const kinds = columns.map(({ kind }) => kind);
    const spreadsheet = createCells();
    const cells = columns.map(({ kind }) =>
      forExcel ? (value: Value) => spreadsheet.cell(kind, value) : CELL[kind],
    );

    const putRecord = (record: readonly (string | null)[], kinds: readonly Kind[]) => {
      for (let column = 0; column < record.length; column += 1) {
        const cell = record[column]!;
        if (column > 0) chunks.bytes[chunks.filled++] = COMMA;
        if (cell === null) continue;
        if (isBare(kinds[column]!, cell)) putText(chunks, cell);
        else quoter.put(chunks, cell);
      }
      for (const byte of END) chunks.bytes[chunks.filled++] = byte;
    };
    const record: (string | null)[] = columns.map(() => null);
    const fill = (row: ExportRow) => {
      let most = record.length + END.length;
      for (let column = 0; column < record.length; column += 1) {
        const value = row[column]!;
        const cell = value === null ? null : cells[column]!(value);
        record[column] = cell;
        if (cell !== null) most += mostBytes(cell) + QUOTES;
      }
      return most;
    };

    let begun = false;
    const begin = async () => {
      if (begun) return;
      begun = true;
      const names = columns.map(({ name }) => (forExcel ? textCell(name) : name));
      await chunks.reserve(names.reduce((sum, name) => sum + mostBytes(name) + QUOTES + 1, 8));
      if (forExcel) putText(chunks, BYTE_ORDER_MARK);
      putRecord(
        names,
        names.map(() => "text"),
      );
    };
    return {
      async write(rows) {
        await begin();
        for (const row of rows) {
          // Awaited only where there is something to wait for, which is rare and would cost every row.
          const waiting = chunks.reserve(fill(row));
          if (waiting !== undefined) await waiting;
          putRecord(record, kinds);
        }
      },
      async end() {
        await begin();
        await chunks.end();
      },
      cutCells: spreadsheet.cut,
    };
  },
};

type Value = Exclude<ExportValue, null>;

const CELL: Readonly<Record<Kind, (value: Value) => string>> = {
  text: String,
  time: String,
  int: String,
  real: (value) => realText(Number(value)),
  bool: (value) => (value === 0 ? "false" : "true"),
  json: String,
};

/** Whether a cell stands without quotes; json, nearly all of which needs them, always has them. */
function isBare(kind: Kind, cell: string): boolean {
  switch (kind) {
    case "int":
    case "real":
    case "bool":
      return true;
    case "json":
      return false;
    case "time":
      return (cell.length === 24 && cell.endsWith("Z")) || isPlain(cell);
    case "text":
      return isPlain(cell);
  }
}

function isPlain(cell: string): boolean {
  return cell !== "" && !/[",\r\n]/.test(cell);
}

/** Puts texts between quotes, those within them doubled. */
function createQuoter(): { put: (chunks: Chunks, text: string) => void } {
  let scratch = Buffer.allocUnsafe(64 * 1024);
  return {
    put(chunks, text) {
      if (scratch.length < mostBytes(text)) scratch = Buffer.allocUnsafe(mostBytes(text));
      const count = scratch.write(text);
      const { bytes } = chunks;
      let end = chunks.filled;
      bytes[end++] = QUOTE;
      for (let index = 0; index < count; index += 1) {
        const byte = scratch[index]!;
        bytes[end++] = byte;
        if (byte === QUOTE) bytes[end++] = QUOTE;
      }
      bytes[end++] = QUOTE;
      chunks.filled = end;
    },
  };
}
