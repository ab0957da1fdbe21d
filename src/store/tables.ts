/** The tables of a file: one STRICT table per stream, made from the catalog, and our own beside them. */
import type { Database } from "bun:sqlite";
import type { Column, Kind, Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";

const SQL_TYPE: Record<Kind, string> = {
  text: "TEXT",
  int: "INTEGER",
  real: "REAL",
  bool: "INTEGER",
  time: "TEXT",
  json: "TEXT",
};

/** What our own tables hold is told in the README. */
const OWN_TABLES = [
  `CREATE TABLE IF NOT EXISTS _sync_state (
     stream TEXT PRIMARY KEY NOT NULL,
     state TEXT NOT NULL,
     synced_to TEXT,
     complete INTEGER NOT NULL,
     saved_at TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS _sync_runs (
     id INTEGER PRIMARY KEY,
     started_at TEXT NOT NULL,
     finished_at TEXT,
     status TEXT NOT NULL,
     version TEXT NOT NULL,
     api TEXT NOT NULL,
     org TEXT,
     requests INTEGER,
     waited_ms INTEGER,
     streams TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS _sync_columns (
     stream TEXT NOT NULL,
     column_name TEXT NOT NULL,
     kind TEXT NOT NULL,
     source TEXT NOT NULL,
     source_name TEXT NOT NULL,
     added_at TEXT NOT NULL,
     PRIMARY KEY (stream, column_name)
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS _sync_lock (
     only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
     token TEXT NOT NULL,
     pid INTEGER NOT NULL,
     host TEXT NOT NULL,
     command TEXT NOT NULL,
     started_at TEXT NOT NULL,
     heartbeat_at TEXT NOT NULL
   ) STRICT`,
];

export function createOwnTables(db: Database): void {
  for (const sql of OWN_TABLES) db.run(sql);
}

/** Creates a stream's table, or gives an existing one the columns it lacks. */
export function createStreamTable(db: Database, stream: Stream): void {
  const columns = stream.columns.map((column) =>
    column.name === "id" ? '"id" TEXT PRIMARY KEY NOT NULL' : columnSql(column),
  );
  db.run(`CREATE TABLE IF NOT EXISTS ${quote(stream.name)} (${columns.join(", ")}) STRICT`);
  const present = tableColumns(db, stream.name);
  for (const column of stream.columns) if (!present.has(column.name)) addColumn(db, stream.name, column);
  // Counting the deleted rows, and leaving them out, must not read the others.
  db.run(
    `CREATE INDEX IF NOT EXISTS ${quote(`_${stream.name}_deleted`)}
     ON ${quote(stream.name)} (_deleted_at) WHERE _deleted_at IS NOT NULL`,
  );
}

/** The names in a table, in lower case, as SQLite compares them. */
export function tableColumns(db: Database, table: string): Set<string> {
  const rows = db
    .query<{ name: string }, []>(`SELECT name FROM pragma_table_info(${quoteText(table)})`)
    .all();
  return new Set(rows.map(({ name }) => name.toLowerCase()));
}

export function addColumn(db: Database, table: string, column: Column): void {
  db.run(`ALTER TABLE ${quote(table)} ADD COLUMN ${columnSql(column)}`);
}

function columnSql({ name, kind }: Column): string {
  return `${quote(name)} ${SQL_TYPE[kind]}`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
