/** Every pragma of SQLite that the program sets or asks for, and what it is for; nothing else names one. */
import { Database } from "bun:sqlite";

type Settings = {
  /** How long (ms) a statement waits for another program that holds the file. */
  busy_timeout: number;
  /** Whether the connection only reads. */
  query_only: boolean;
  /** In WAL others read while one writes; see `journal.ts`. */
  journal_mode: "WAL" | "DELETE";
  /** When what was written is brought to the disk; see `journal.ts`. */
  synchronous: "NORMAL";
  /** Whether the connection keeps the file for itself. */
  locking_mode: "EXCLUSIVE" | "NORMAL";
  /** Where tables of the connection itself are. */
  temp_store: "FILE";
  /** Marks the file as one of ours. */
  application_id: number;
  /** The layout that the file has. */
  user_version: number;
};

type Answers = {
  application_id: number;
  user_version: number;
  journal_mode: string;
  page_count: number;
  page_size: number;
  /** Another number after each change of tables, views or indexes. */
  schema_version: number;
  /** `ok`, or what is wrong with the file, all of it. */
  integrity_check: string;
  /** The same, and only what is found first. */
  "integrity_check(1)": string;
};

/** How long a connection waits for another program, if nothing else is said. */
export const BUSY_TIMEOUT_MS = 5_000;

/** Sets a pragma of a connection or its file. */
export function setPragma<N extends keyof Settings>(db: Database, name: N, value: Settings[N]): void {
  db.run(`PRAGMA ${name} = ${value}`);
}

/** Asks for a pragma's value. */
export function askPragma<N extends keyof Answers>(db: Database, name: N): Answers[N] {
  const row = db.query<Record<string, Answers[N]>, []>(`PRAGMA ${name}`).get()!;
  return Object.values(row)[0]!;
}

/** Brings all that stands in the -wal into the file, and empties it. */
export function emptyWal(db: Database): void {
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** The version of the SQLite library in use, such as `3.51.0`. */
export function sqliteVersion(): string {
  const database = new Database(":memory:", { strict: true });
  try {
    const row = database.query<{ version: string }, []>("SELECT sqlite_version() AS version").get();
    return row?.version ?? "unknown";
  } finally {
    database.close();
  }
}
