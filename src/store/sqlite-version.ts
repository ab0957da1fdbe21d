/** The SQLite that Bun brings along, or, on macOS, the system's. */
import { Database } from "bun:sqlite";

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
