/** The tables of a file: one STRICT table per stream, made from the catalog, and our own beside them. */
import type { Database } from "bun:sqlite";
import type { Column, Kind } from "../streams/define.ts";
import { quote } from "./identifier.ts";

const SQL_TYPE: Readonly<Record<Kind, string>> = {
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
     saved_at TEXT NOT NULL,
     start TEXT,
     counted TEXT
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
];

/** A column that a table has, whoever made it. */
export type PresentColumn = {
  readonly name: string;
  readonly type: string;
  readonly generated: boolean;
  readonly primaryKey: boolean;
};

/** Makes our own tables, and what those of an earlier version lack. */
export function createOwnTables(db: Database): void {
  for (const sql of OWN_TABLES) db.run(sql);
  const states = tableColumns(db, "_sync_state");
  if (!states.has("counted")) db.run("ALTER TABLE _sync_state ADD COLUMN counted TEXT");
  if (states.has("start")) return;
  db.run("ALTER TABLE _sync_state ADD COLUMN start TEXT");
  // The state itself has said it from the beginning; what began in 1900 is everything.
  db.run(
    `UPDATE _sync_state SET start = nullif(json_extract(state, '$.start'), '1900-01-01T00:00:00.000Z')
     WHERE json_valid(state)`,
  );
}

/** Creates a stream's table where there is none. */
export function createTable(db: Database, table: string, columns: readonly Column[]): void {
  const parts = columns.map((column) =>
    column.name === "id" ? '"id" TEXT PRIMARY KEY NOT NULL' : columnSql(column),
  );
  db.run(`CREATE TABLE ${quote(table)} (${parts.join(", ")}) STRICT`);
}

/** Creates the indexes of a stream's table where they are missing. */
export function createIndexes(db: Database, table: string, updatedAt: string | null): void {
  // Counting the deleted rows, and leaving them out, must not read the others.
  db.run(
    `CREATE INDEX IF NOT EXISTS ${quote(`_${table}_deleted`)}
     ON ${quote(table)} (_deleted_at) WHERE _deleted_at IS NOT NULL`,
  );
  // What changed last, and what changed in some span of time, is what big tables are asked most.
  if (updatedAt !== null) {
    db.run(
      `CREATE INDEX IF NOT EXISTS ${quote(`_${table}_updated`)} ON ${quote(table)} (${quote(updatedAt)})`,
    );
  }
}

/** The columns in a table by name in lower case, as SQLite compares them; none when there is no table. */
export function tableColumns(db: Database, table: string): Map<string, PresentColumn> {
  // Not `table_info`, which keeps silent about generated columns.
  const rows = db
    .query<{ name: string; type: string; hidden: number; pk: number }, [string]>(
      "SELECT name, type, hidden, pk FROM pragma_table_xinfo(?)",
    )
    .all(table);
  return new Map(
    rows.map(({ name, type, hidden, pk }) => [
      name.toLowerCase(),
      { name, type: type.toUpperCase(), generated: hidden !== 0, primaryKey: pk === 1 },
    ]),
  );
}

/** Says whether values of a kind can be put into a column that is there. */
export function holds(present: PresentColumn, kind: Kind): boolean {
  return present.type === SQL_TYPE[kind] && !present.generated;
}

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(SQL_TYPE, kind);
}

export function addColumn(db: Database, table: string, column: Column): void {
  db.run(`ALTER TABLE ${quote(table)} ADD COLUMN ${columnSql(column)}`);
}

function columnSql({ name, kind }: Column): string {
  return `${quote(name)} ${SQL_TYPE[kind]}`;
}
