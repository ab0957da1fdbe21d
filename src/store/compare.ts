/**
 * Holds what Kustomer has against what a file has. The file is only read, but for rows that are to be marked
 * deleted; what was noted of Kustomer's rows lies in temporary tables, which SQLite keeps on disk, and which go
 * with the process however it ends.
 */
import { Database, type Statement } from "bun:sqlite";
import type { Comparison } from "../destination/comparison.ts";
import type { Suspect } from "../destination/destination.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import type { Stream } from "../streams/define.ts";
import { keepInstant, nextInstant } from "./clock.ts";
import { type Lack, Noted } from "./comparison-tables.ts";
import { quote } from "./identifier.ts";
import { columnOf, type Layout } from "./layout.ts";
import type { Lock } from "./lock.ts";
import { setPragma } from "./pragmas.ts";
import { differenceOf, type Version, versionOf } from "./row-version.ts";
import { onFile } from "./sqlite-failure.ts";
import { loadState } from "./state.ts";
import { checkSweep, countLive, countMissing, markDeleted } from "./sweep.ts";

export type CompareOptions = {
  /** When the comparison began, by the server's clock, ms: what changed from then on is no difference. */
  readonly now: number;
  /** True when what is found will be written too: it is then counted, and counted as repaired. */
  readonly repair: boolean;
  /** Mark rows as deleted however many they are. */
  readonly force: boolean;
};

type Found = Record<Lack | "extra", number> & {
  checked: number;
  repaired: number;
  sinceSync: number;
  readonly examples: Record<Lack | "extra", string[]>;
};

/** A file of ours, open. */
export type Compared = {
  readonly db: Database;
  readonly path: string;
  readonly lock: Lock;
  readonly layout: (stream: Stream) => Layout;
};

const MOST_EXAMPLES = 10;

/** What claims to have changed so long after the beginning has an odd date, and is compared like the rest. */
const ODD_AFTER_MS = 7 * 86_400_000;

/** Begins a comparison with a file. */
export function createComparison(file: Compared, options: CompareOptions): Comparison {
  const { db, path, lock } = file;
  const scratch = new Database(":memory:", { strict: true });
  setPragma(scratch, "temp_store", "FILE");
  const noted = new Map<string, Noted>();
  const tables = new Map<string, TableReader>();
  /** The time in which what changed is news, which says nothing about the file. */
  const news = { from: formatTime(options.now), to: formatTime(options.now + ODD_AFTER_MS) };

  const notedOf = ({ name }: Stream) => getOrMake(noted, name, () => new Noted(scratch, name));
  const tableOf = (stream: Stream) =>
    getOrMake(tables, stream.name, () => new TableReader(db, stream, file.layout(stream)));

  const noteAll = scratch.transaction((stream: Stream, rows: readonly Resource[], deleted: boolean) => {
    const [table, shown] = [tableOf(stream), notedOf(stream)];
    return rows.filter((row) => {
      // A row that cannot be stored would be missing for ever; a sync tells of it.
      if (!row.id.isWellFormed()) return false;
      const there = versionOf(row, deleted);
      const isNews = there.updatedAt !== null && there.updatedAt >= news.from && there.updatedAt < news.to;
      const lack = isNews ? null : differenceOf(table.version(row.id), there);
      shown.put(row.id, there, lack, isNews);
      return lack !== null;
    });
  });

  /** The live rows that were not noted, in the order of their last change. */
  function* unnoted(stream: Stream, from: number | null, after: Suspect | null): Generator<Suspect> {
    const shown = notedOf(stream);
    for (const row of tableOf(stream).live(from === null ? null : formatTime(from), news, after)) {
      if (!shown.has(row.id)) yield row;
    }
  }

  function countUnnoted(stream: Stream, from: number | null): number {
    let count = 0;
    for (const _ of unnoted(stream, from, null)) count += 1;
    return count;
  }

  const addExtra = scratch.transaction((stream: Stream, from: number | null) => {
    const shown = notedOf(stream);
    for (const { id } of unnoted(stream, from, null)) shown.addExtra(id);
    return shown.countExtra();
  });

  const markAll = db.transaction((stream: Stream, ids: Iterable<string>) => {
    lock.verify();
    const { now } = options;
    const at = nextInstant(db, options);
    keepInstant(db, at);
    return markDeleted(db, stream, ids, { now, at });
  });

  function differences(stream: Stream): Found {
    const [table, shown] = [tableOf(stream), notedOf(stream)];
    const syncedTo = loadState(db, stream)?.syncedTo ?? null;
    const found: Found = {
      checked: shown.count(),
      missing: 0,
      stale: 0,
      extra: 0,
      repaired: 0,
      sinceSync: 0,
      examples: { missing: [], stale: [], extra: [] },
    };
    const count = (kind: Lack | "extra", id: string, differs: boolean, updatedAt: string | null) => {
      // Where nothing is repaired, what no longer differs was brought by a sync meanwhile.
      if (!options.repair && !differs) return;
      found[kind] += 1;
      if (!differs) found.repaired += 1;
      if (found.examples[kind].length < MOST_EXAMPLES) found.examples[kind].push(id);
      if (updatedAt !== null && syncedTo !== null && updatedAt >= syncedTo) found.sinceSync += 1;
    };
    for (const { id, lack, there } of shown.lacks()) {
      count(lack, id, differenceOf(table.version(id), there) !== null, there.updatedAt);
    }
    for (const id of shown.extra()) count("extra", id, table.version(id)?.deleted === false, null);
    return found;
  }

  return {
    holds: (stream) => onFile(path, () => !tableOf(stream).isEmpty() || loadState(db, stream) !== null),
    note: (stream, rows, deleted) => onFile(path, () => noteAll(stream, rows, deleted)),
    gone: {
      countMissing: (stream, ids) =>
        onFile(path, () => (tableOf(stream).isEmpty() ? 0 : countMissing(db, stream, ids))),
      countUnseen: (stream, from) => onFile(path, () => countUnnoted(stream, from)),
      listUnseen: (stream, from, after, limit) =>
        onFile(path, () => unnoted(stream, from, after).take(limit).toArray()),
    },
    end: (stream, from) =>
      onFile(path, () => {
        const count = addExtra(stream, from);
        if (count === 0 || !options.repair) return 0;
        checkSweep(stream, { gone: count, live: countLive(db, stream) }, options.force);
        return markAll.immediate(stream, notedOf(stream).extra());
      }),
    differences: (stream) => onFile(path, () => differences(stream)),
    close() {
      for (const each of [...noted.values(), ...tables.values()]) each.finalize();
      scratch.close();
    },
  };
}

type HeldRow = { updated_at: string | null; rev: number | null; deleted: number };

/** Reads versions from a stream's table; a table that the file does not have is an empty one. */
class TableReader {
  readonly #version: Statement<HeldRow, [string]> | null;
  readonly #live: Statement<
    { id: string; at: string | null },
    [string | null, string, string, string, string]
  > | null;
  readonly #any: Statement<unknown, []> | null;

  constructor(db: Database, { name }: Stream, { columns }: Layout) {
    const table = quote(name);
    const updatedAt = columnOf(columns, "updatedAt");
    const rev = columnOf(columns, "rev");
    const updated = updatedAt === null ? "NULL" : quote(updatedAt.name);
    const revision = rev === null || (rev.kind !== "int" && rev.kind !== "real") ? "NULL" : quote(rev.name);
    const exists = columns.length > 0;
    this.#version = exists
      ? db.prepare(
          `SELECT ${updated} AS updated_at, ${revision} AS rev, _deleted_at IS NOT NULL AS deleted
           FROM ${table} WHERE id = ?`,
        )
      : null;
    this.#live = exists
      ? db.prepare(
          `SELECT id, ${updated} AS at FROM ${table} WHERE _deleted_at IS NULL
           AND (?1 IS NULL OR ${updated} >= ?1) AND (${updated} IS NULL OR ${updated} < ?2 OR ${updated} >= ?3)
           AND (coalesce(${updated}, ''), id) > (?4, ?5) ORDER BY coalesce(${updated}, ''), id`,
        )
      : null;
    this.#any = exists ? db.prepare(`SELECT 1 FROM ${table} LIMIT 1`) : null;
  }

  /** The version of a row; null when there is no such row. */
  version(id: string): Version | null {
    const row = this.#version?.get(id) ?? null;
    return row === null ? null : { updatedAt: row.updated_at, rev: row.rev, deleted: row.deleted === 1 };
  }

  /** The live rows last changed at `from` or later, but for news; those without a date only where `from` is null. */
  *live(
    from: string | null,
    news: { readonly from: string; readonly to: string },
    after: Suspect | null,
  ): Generator<Suspect> {
    const at = after === null || after.updatedAt === null ? "" : formatTime(after.updatedAt);
    const rows = this.#live?.iterate(from, news.from, news.to, at, after?.id ?? "") ?? [];
    for (const row of rows) yield { id: row.id, updatedAt: row.at === null ? null : parseTime(row.at) };
  }

  isEmpty(): boolean {
    return (this.#any?.get() ?? null) === null;
  }

  finalize(): void {
    for (const statement of [this.#version, this.#live, this.#any]) statement?.finalize();
  }
}

function getOrMake<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = make();
  known.set(name, made);
  return made;
}
