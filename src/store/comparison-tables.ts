/**
 * What a comparison noted of one stream: every id that Kustomer showed, with its newest version, and the ids
 * that it did not show. Two temporary tables, because an account's ids may be more than memory should hold.
 */
import type { Database, Statement } from "bun:sqlite";
import { quote } from "./identifier.ts";
import type { Version } from "./row-version.ts";

export type Lack = "missing" | "stale";

type NotedRow = { id: string; updated_at: string | null; rev: number | null; deleted: number; lack: Lack };

export class Noted {
  readonly #put: Statement;
  readonly #has: Statement;
  readonly #count: Statement<{ n: number }, []>;
  readonly #lacks: Statement<NotedRow, []>;
  readonly #extra: Statement<{ id: string }, []>;
  readonly #addExtra: Statement;
  readonly #countExtra: Statement<{ n: number }, []>;

  constructor(scratch: Database, stream: string) {
    const noted = quote(`noted_${stream}`);
    const extra = quote(`extra_${stream}`);
    scratch.run(
      `CREATE TEMP TABLE ${noted} (
         id TEXT PRIMARY KEY NOT NULL, updated_at TEXT, rev REAL, deleted INTEGER NOT NULL, lack TEXT
       ) STRICT, WITHOUT ROWID`,
    );
    scratch.run(`CREATE TEMP TABLE ${extra} (id TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID`);
    // A row may be shown twice; that it was lacking once is kept, also when it has been written since.
    this.#put = scratch.prepare(
      `INSERT INTO ${noted} (id, updated_at, rev, deleted, lack) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         updated_at = excluded.updated_at, rev = excluded.rev, deleted = excluded.deleted,
         lack = coalesce(lack, excluded.lack)
       WHERE NOT ? AND (${noted}.updated_at IS NULL OR excluded.updated_at >= ${noted}.updated_at)`,
    );
    this.#has = scratch.prepare(`SELECT 1 FROM ${noted} WHERE id = ?`);
    this.#count = scratch.prepare(`SELECT count(*) AS n FROM ${noted}`);
    this.#lacks = scratch.prepare(`SELECT * FROM ${noted} WHERE lack IS NOT NULL ORDER BY id`);
    this.#extra = scratch.prepare(`SELECT id FROM ${extra} ORDER BY id`);
    this.#addExtra = scratch.prepare(`INSERT OR IGNORE INTO ${extra} (id) VALUES (?)`);
    this.#countExtra = scratch.prepare(`SELECT count(*) AS n FROM ${extra}`);
  }

  /** Notes a row. `isNews` for a version so new that it says nothing about the file: it only shows that the row is there. */
  put(id: string, { updatedAt, rev, deleted }: Version, lack: Lack | null, isNews: boolean): void {
    this.#put.run(id, updatedAt, rev, deleted ? 1 : 0, lack, isNews ? 1 : 0);
  }

  has(id: string): boolean {
    return this.#has.get(id) !== null;
  }

  count(): number {
    return this.#count.get()!.n;
  }

  /** The rows that the file lacked when they were noted, with what Kustomer has, in order of id. */
  *lacks(): Generator<{ id: string; lack: Lack; there: Version }> {
    for (const { id, lack, updated_at, rev, deleted } of this.#lacks.iterate()) {
      yield { id, lack, there: { updatedAt: updated_at, rev, deleted: deleted === 1 } };
    }
  }

  /** Notes an id that Kustomer did not show. */
  addExtra(id: string): void {
    this.#addExtra.run(id);
  }

  countExtra(): number {
    return this.#countExtra.get()!.n;
  }

  /** What Kustomer did not show, in order of id. */
  *extra(): Generator<string> {
    for (const { id } of this.#extra.iterate()) yield id;
  }

  finalize(): void {
    for (const statement of [this.#put, this.#has, this.#count, this.#lacks]) statement.finalize();
    for (const statement of [this.#extra, this.#addExtra, this.#countExtra]) statement.finalize();
  }
}
