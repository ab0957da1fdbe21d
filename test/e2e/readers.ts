/** Somebody else's readers of what an export wrote, given nothing but the manifest's word for the types. */

import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import type { Manifest, ManifestStream } from "../../src/export/manifest.ts";
import { parseJson } from "../../src/lib/json.ts";
import type { Kind } from "../../src/streams/define.ts";
import { readParquetRows } from "../export/hyparquet.ts";

export type Rows = Map<string, (string | null)[]>;

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "_manifest.json"), "utf8")) as Manifest;
}

/** What the file itself holds of a stream, each value as one text that tells its kind. */
export function readFile(db: string, { stream, columns }: ManifestStream, where = "TRUE"): Rows {
  const file = new Database(db, { readonly: true, safeIntegers: true });
  try {
    const list = columns.map(({ name }, index) => `"${name.replaceAll('"', '""')}" AS c${index}`);
    const rows = file.query(`SELECT ${list.join(", ")} FROM "${stream}" WHERE ${where}`).all() as object[];
    return byId(
      columns,
      rows.map((row) => Object.values(row).map((value, column) => textOf(columns[column]!.kind, value))),
    );
  } finally {
    file.close();
  }
}

/** The same of CSV, by csv-parse. */
export function readCsv(folder: string, { columns, files }: ManifestStream): Rows {
  const rows = files.flatMap(({ path }) => {
    const records = parse(readFileSync(join(folder, path)), {
      record_delimiter: "\r\n",
      cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
    }) as unknown as (string | null)[][];
    expectSame(
      records.shift()!,
      columns.map(({ name }) => name),
    );
    return records.map((record) =>
      record.map((value, column) => (value === null ? null : csvText(columns[column]!.kind, value))),
    );
  });
  return byId(columns, rows);
}

/** What NDJSON and Parquet have in place of half a character. */
export function withoutHalves(rows: Rows): Rows {
  const mend = (value: string | null) => value?.replace(/\\ud[89a-f][\da-f]{2}/g, "\\ufffd") ?? null;
  return new Map([...rows].map(([id, row]) => [id, row.map(mend)]));
}

/** The same of NDJSON, line by line. */
export function readNdjson(folder: string, { columns, files }: ManifestStream): Rows {
  const rows = files.flatMap(({ path }) => {
    const lines = readFileSync(join(folder, path), "utf8").split("\n");
    expectSame([lines.pop()!], [""]);
    return lines.map((line) => {
      JSON.parse(line);
      const entries = Object.entries(parseJson(line) as object);
      expectSame(entries.map(([name]) => name).sort(), columns.map(({ name }) => name).sort());
      const values = new Map(entries);
      return columns.map(({ name, kind }) => jsonText(kind, values.get(name)));
    });
  });
  return byId(columns, rows);
}

const DUCKDB_TYPE: Readonly<Record<Kind, string>> = {
  text: "VARCHAR",
  int: "BIGINT",
  real: "DOUBLE",
  bool: "BOOLEAN",
  time: "TIMESTAMP",
  json: "JSON",
};

/** What DuckDB finds in Parquet. */
const PARQUET_TYPE = { ...DUCKDB_TYPE, json: "VARCHAR", time: "TIMESTAMP WITH TIME ZONE" };

/** The same by DuckDB, from all of a stream's files; of Parquet, which has them itself, the types are checked. */
export async function readByDuckdb(
  folder: string,
  { columns, files }: ManifestStream,
  format: "csv" | "json" | "parquet",
): Promise<Rows> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const paths = `[${files.map(({ path }) => literal(join(folder, path))).join(", ")}]`;
    const from =
      format === "parquet"
        ? `read_parquet(${paths}, hive_partitioning = false)`
        : `read_${format}(${paths}, columns = {${typesOf(columns, format)}}${format === "csv" ? CSV : ""})`;
    if (format === "parquet") {
      const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
      expectSame(
        described.map(([name, type]) => [name, type]),
        columns.map(({ name, kind }) => [name, PARQUET_TYPE[kind]]),
      );
    }
    const picked = columns.map(({ name, kind }) => {
      const column = `"${name.replaceAll('"', '""')}"`;
      return kind === "time" ? `epoch_ms(${column})` : column;
    });
    const rows = (await connection.runAndReadAll(`SELECT ${picked.join(", ")} FROM ${from}`)).getRows();
    return byId(
      columns,
      rows.map((row) => row.map((value, column) => duckText(columns[column]!.kind, value))),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const CSV = `, header = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, auto_detect = false`;

function typesOf(columns: ManifestStream["columns"], format: "csv" | "json"): string {
  // Half a character is no JSON to DuckDB; as text it reads it.
  const typeOf = (kind: Kind) => (format === "csv" && kind === "json" ? "VARCHAR" : DUCKDB_TYPE[kind]);
  return columns.map(({ name, kind }) => `${literal(name)}: ${literal(typeOf(kind))}`).join(", ");
}

/** The same of Parquet, by hyparquet. */
export async function readParquet(folder: string, { columns, files }: ManifestStream): Promise<Rows> {
  const rows: (string | null)[][] = [];
  for (const { path } of files) {
    const file = Uint8Array.from(readFileSync(join(folder, path))).buffer;
    for (const row of await readParquetRows(file)) {
      rows.push(columns.map(({ name, kind }) => parquetText(kind, row[name])));
    }
  }
  return byId(columns, rows);
}

function parquetText(kind: Kind, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return duckText(kind, value);
}

/** How two readings differ, a few cells of it; nothing when they are equal. */
export function cellsApart(columns: readonly { name: string }[], one: Rows, other: Rows): string[] {
  const apart: string[] = [];
  const add = (text: string) => {
    if (apart.length < 10) apart.push(text);
  };
  for (const [id, values] of one) {
    const others = other.get(id);
    if (others === undefined) add(`${id} is not there`);
    else
      for (const [column, value] of values.entries())
        if (value !== others[column])
          add(`${id} ${columns[column]!.name}: ${value?.slice(0, 200)} / ${others[column]?.slice(0, 200)}`);
  }
  for (const id of other.keys()) if (!one.has(id)) add(`${id} should not be there`);
  return apart;
}

function byId(columns: readonly { name: string }[], rows: (string | null)[][]): Rows {
  const id = columns.findIndex(({ name }) => name === "id");
  const found: Rows = new Map(rows.map((row) => [String(row[id]), row]));
  if (found.size !== rows.length) throw new Error(`${rows.length} rows, ${found.size} ids`);
  return found;
}

function textOf(kind: Kind, value: unknown): string | null {
  if (value === null) return null;
  return kind === "bool"
    ? String(Number(value) === 1)
    : kind === "real"
      ? String(Number(value))
      : String(value);
}

function csvText(kind: Kind, value: string): string {
  return kind === "real" ? String(Number(value)) : value;
}

/** JSON text, of json columns, is compared as it stands: `parseJson` and `JSON.stringify` keep every digit. */
function jsonText(kind: Kind, value: unknown): string | null {
  if (value === null) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return kind === "json" ? JSON.stringify(value).replaceAll("\ufffd", "\\ufffd") : text;
}

function duckText(kind: Kind, value: unknown): string | null {
  if (value === null) return null;
  if (kind === "time") return new Date(Number(value)).toISOString();
  return kind === "real" ? String(Number(value)) : String(value).replaceAll("\ufffd", "\\ufffd");
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function expectSame(one: readonly unknown[], other: readonly unknown[]): void {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${one} is not ${other}`);
}
