/**
 * Writes the rows of one stream. One prepared statement per stream inserts or updates: an older version never
 * replaces a newer one, and a row that has not changed is not written.
 */
import type { Database, Statement } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, latestTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { deletionOf } from "../streams/record.ts";
import { quote } from "./identifier.ts";
import { columnOf, growLayout, type Layout } from "./layout.ts";
import { type Bound, toRow } from "./row.ts";

export type Written = { readonly written: number; readonly deleted: number };

/** Instants, ms: the server's clock, and the file's own. */
export type Moment = { readonly now: number; readonly at: number };

/** A time of change so far ahead of every clock is odd, and says nothing of what is newer. */
const ODD_FROM_MS = 86_400_000;

type Places = { readonly synced: number; readonly deleted: number; readonly updated: number };

export class TableWriter {
  readonly #db: Database;
  readonly #stream: Stream;
  #layout: Layout;
  #places: Places;
  #upsert: Statement;
  readonly #isLive: Statement<{ live: number }, [string]>;

  constructor(db: Database, stream: Stream, layout: Layout) {
    this.#db = db;
    this.#stream = stream;
    this.#layout = layout;
    this.#places = placesOf(layout);
    this.#upsert = db.prepare(upsertSql(stream.name, layout));
    this.#isLive = db.prepare(`SELECT _deleted_at IS NULL AS live FROM ${quote(stream.name)} WHERE id = ?`);
  }

  get layout(): Layout {
    return this.#layout;
  }

  /** Goes back to a layout, after a transaction that grew it was rolled back. */
  restore(layout: Layout): void {
    if (layout !== this.#layout) this.#use(layout);
  }

  finalize(): void {
    this.#upsert.finalize();
    this.#isLive.finalize();
  }

  /**
   * Writes rows within the caller's transaction, whose instant is `at`. `deleted` marks them all; `now` dates
   * what has no date.
   */
  write(rows: readonly Resource[], deleted: boolean, { now, at }: Moment): Written {
    const syncedAt = formatTime(at);
    const noticedAt = formatTime(now);
    const oddFrom = formatTime(Math.min(Math.max(now, at, Date.now()) + ODD_FROM_MS, latestTime));
    let written = 0;
    let newlyDeleted = 0;
    for (const resource of rows) {
      // SQLite would make two such ids one.
      if (!resource.id.isWellFormed()) {
        throw new AppError("shape", `the id ${JSON.stringify(resource.id)} is no text`, {
          at: this.#stream.name,
        });
      }
      const values = this.#rowOf(resource, now);
      const mark = deletionOf(resource, deleted);
      values[this.#places.synced] = syncedAt;
      values[this.#places.deleted] =
        mark === null ? null : (mark.at ?? (values[this.#places.updated] as string | null) ?? noticedAt);
      const wasLive = mark === null ? false : this.#isLive.get(resource.id)?.live !== 0;
      const { changes } = this.#upsert.run(...values, mark?.at === undefined ? 0 : 1, oddFrom);
      written += changes;
      if (wasLive && changes > 0) newlyDeleted += 1;
    }
    return { written, deleted: newlyDeleted };
  }

  #rowOf(resource: Resource, now: number): Bound[] {
    const row = toRow(resource, this.#layout);
    if (row.unknown.length === 0) return row.values;
    const grown = growLayout(this.#db, this.#stream, this.#layout, row.unknown, now);
    if (grown === this.#layout) return row.values;
    this.#use(grown);
    return toRow(resource, grown).values;
  }

  #use(layout: Layout): void {
    const upsert = this.#db.prepare(upsertSql(this.#stream.name, layout));
    this.#upsert.finalize();
    this.#upsert = upsert;
    this.#layout = layout;
    this.#places = placesOf(layout);
  }
}

function placesOf({ columns }: Layout): Places {
  const place = (name: string) => columns.findIndex((column) => column.name === name);
  const updated = place(columnOf(columns, "updatedAt")?.name ?? "");
  return { synced: place("_synced_at"), deleted: place("_deleted_at"), updated };
}

/**
 * The last parameters say whether `_deleted_at` is Kustomer's own date, which then replaces one of ours, and from when
 * on a time of change is odd.
 */
function upsertSql(table: string, { columns }: Layout): string {
  const names = columns.map(({ name }) => name);
  const places = names.map((_, index) => `?${index + 1}`);
  const [own, oddFrom] = [`?${names.length + 1}`, `?${names.length + 2}`];
  const changing = names.filter((name) => !["id", "_synced_at", "_deleted_at"].includes(name));
  const stored = (name: string) => `${quote(table)}.${quote(name)}`;
  const given = (name: string) => `excluded.${quote(name)}`;
  const deletedAt =
    `CASE WHEN ${given("_deleted_at")} IS NULL OR ${own} THEN ${given("_deleted_at")} ` +
    `ELSE coalesce(${stored("_deleted_at")}, ${given("_deleted_at")}) END`;
  return `INSERT INTO ${quote(table)} (${names.map(quote).join(", ")}) VALUES (${places.join(", ")})
    ON CONFLICT (id) DO UPDATE SET
      ${changing.map((name) => `${quote(name)} = ${given(name)}`).join(", ")},
      _synced_at = excluded._synced_at,
      _deleted_at = ${deletedAt}
    WHERE (${notOlder(columns, stored, given, oddFrom)})
      AND ((${changing.map(stored).join(", ")}) IS NOT (${changing.map(given).join(", ")})
        OR ${stored("_deleted_at")} IS NOT ${deletedAt})`;
}

type Named = (name: string) => string;

/**
 * A given row that does not tell its age gives way to one that does; among equals the revision decides, and where the
 * stored row claims to have changed in days to come.
 */
function notOlder(columns: Layout["columns"], stored: Named, given: Named, oddFrom: string): string {
  const updatedAt = columnOf(columns, "updatedAt");
  if (updatedAt === null) return "TRUE";
  const [before, now] = [stored(updatedAt.name), given(updatedAt.name)];
  const rev = columnOf(columns, "rev");
  const revision =
    rev?.kind === "int" || rev?.kind === "real"
      ? ` AND (${stored(rev.name)} IS NULL OR ${given(rev.name)} IS NULL OR ${given(rev.name)} >= ${stored(rev.name)})`
      : "";
  const isOdd = `(${before} > ${oddFrom} AND ${now} <= ${oddFrom})`;
  return `${before} IS NULL OR ${now} > ${before} OR ((${now} = ${before} OR ${isOdd})${revision})`;
}
