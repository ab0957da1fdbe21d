/**
 * The mark of a file that `demo` made, `_sync_demo`: so that the next demo replaces that file and no other. It says
 * where the file was made and from which simulated account; and, when the demo has ended, how the file stood then.
 * A copy, a file that was moved, and one that anything was written to since, are somebody's own.
 */
import type { Database } from "bun:sqlite";
import { realpathSync } from "node:fs";
import { readClock } from "./clock.ts";
import { askPragma } from "./pragmas.ts";

/** Marks a file that was just made, for the account at this base URL. */
export function markDemo(db: Database, path: string, api: string): void {
  db.transaction(() => {
    db.run("CREATE TABLE _sync_demo (path TEXT NOT NULL, api TEXT NOT NULL, ended TEXT) STRICT");
    db.query("INSERT INTO _sync_demo VALUES (?, ?, NULL)").run(realpathSync(path), api);
  }).immediate();
}

/** Notes how the file stands at the end of the demo. */
export function endDemo(db: Database): void {
  db.query("UPDATE _sync_demo SET ended = ?").run(standing(db));
}

/** True for a file that a demo made, here, and that nothing but that demo has written to. */
export function isDemo(db: Database, path: string): boolean {
  if (db.query("SELECT 1 FROM sqlite_master WHERE name = '_sync_demo'").get() === null) return false;
  const marks = db
    .query<{ path: string; api: string; ended: string | null }, []>("SELECT path, api, ended FROM _sync_demo")
    .all();
  const [mark] = marks;
  if (mark === undefined || marks.length > 1 || mark.path !== realpathSync(path)) return false;
  // A demo that was stopped has left its runs, and not how the file stood.
  if (mark.ended !== null) return mark.ended === standing(db);
  return db.query("SELECT 1 FROM _sync_runs WHERE api <> ?").get(mark.api) === null;
}

/** What another value has after every run, every commit of rows, and every change of tables, views or indexes. */
function standing(db: Database): string {
  const run = db.query<{ id: number | null }, []>("SELECT max(id) AS id FROM _sync_runs").get()?.id;
  return `run ${run}, schema ${askPragma(db, "schema_version")}, rows ${readClock(db)?.at}`;
}
