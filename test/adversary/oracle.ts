/** Compares a file with the truth: the same ids, each in its newest version, deleted ones marked, live ones not. */
import { Database } from "bun:sqlite";
import { type Account, current, type Row, type Version } from "./account.ts";
import { KINDS, type Kind } from "./kinds.ts";

export type Difference = {
  readonly stream: string;
  readonly id: string;
  /** Null for what the account does not have. */
  readonly row: Row | null;
  /** `missing`, `stale`, `alive` (deleted there, live here), `dead` (live there, deleted here), `foreign`. */
  readonly how: "missing" | "stale" | "alive" | "dead" | "foreign";
  readonly detail: string;
};

export type Held = {
  updatedAt: number;
  rev: number | null;
  text: string | null;
  mark: string | null;
  deleted: boolean;
};

/** What the file holds of a stream; nothing where the table, or a column, is not there yet. */
export function heldIn(database: Database, kind: Kind): Map<string, Held> {
  const columns = new Set(
    database
      .query<{ name: string }, [string]>("SELECT name FROM pragma_table_info(?)")
      .all(kind.name)
      .map(({ name }) => name),
  );
  if (columns.size === 0) return new Map();
  const column = (name: string) => (columns.has(name) ? `"${name}"` : "NULL");
  const sql = `SELECT id, updated_at AS at, ${column("rev")} AS rev, ${column(kind.text)} AS text,
    ${column("mark")} AS mark, _deleted_at IS NOT NULL AS deleted FROM "${kind.name}"`;
  type Stored = {
    id: string;
    at: string | null;
    rev: number | null;
    text: string | null;
    mark: string | null;
  };
  const rows = database.query<Stored & { deleted: number }, []>(sql).all();
  return new Map(
    rows.map(({ id, at, deleted, ...rest }) => [
      id,
      { updatedAt: at === null ? Number.NaN : Date.parse(at), deleted: deleted === 1, ...rest },
    ]),
  );
}

const time = (at: number) => (Number.isNaN(at) ? "no time" : new Date(at).toISOString());
const told = (version: Version) =>
  `${time(version.updatedAt)} rev ${version.rev}${version.deletedAt === null ? "" : " deleted"}`;
const stored = (held: Held) => `${time(held.updatedAt)} rev ${held.rev}${held.deleted ? " deleted" : ""}`;

/** How the file differs from the account as it is. */
export function differences(db: string, account: Account, kinds: readonly Kind[] = KINDS): Difference[] {
  const database = new Database(db, { readonly: true });
  try {
    return kinds.flatMap((kind) => {
      const held = heldIn(database, kind);
      const found: Difference[] = [];
      for (const row of account.rows(kind)) {
        const here = held.get(row.id);
        held.delete(row.id);
        const difference = compare(row, here);
        if (difference !== null) found.push(difference);
      }
      for (const [id, here] of held)
        found.push({ stream: kind.name, id, row: null, how: "foreign", detail: `held as ${stored(here)}` });
      return found;
    });
  } finally {
    database.close();
  }
}

function compare(row: Row, here: Held | undefined): Difference | null {
  const newest = current(row);
  const found = (how: Difference["how"]): Difference => {
    const held = here === undefined ? "" : `, held as ${stored(here)}`;
    const is = row.purged ? "purged" : told(newest);
    return { stream: row.kind.name, id: row.id, row, how, detail: `${is}${held}` };
  };
  // What is gone for good may never have come; what came is to be marked.
  if (row.purged) return here === undefined || here.deleted ? null : found("alive");
  if (here === undefined) return found("missing");
  const same =
    here.updatedAt === newest.updatedAt &&
    here.rev === newest.rev &&
    here.text === newest.text &&
    here.mark === newest.mark;
  if (!same) return found("stale");
  if (here.deleted === (newest.deletedAt !== null)) return null;
  return found(here.deleted ? "dead" : "alive");
}

/** What was there at a time, has not changed since, and is not in the file as it is: ids by stream. */
export function lacking(
  db: string,
  account: Account,
  at: number,
  kinds: readonly Kind[],
): Map<string, string[]> {
  const database = new Database(db, { readonly: true });
  try {
    const lack = new Map<string, string[]>();
    for (const kind of kinds) {
      // Rows that leave a list while its pages are read move others past the reader: these come with the next sync.
      const left = (row: Row) => row.purgedAt ?? current(row).deletedAt ?? 0;
      if (kind.context === null && account.rows(kind).some((row) => left(row) > at)) continue;
      const held = heldIn(database, kind);
      const ids = account.rows(kind).flatMap((row) => {
        const { updatedAt } = current(row);
        if (updatedAt > at || row.purged) return [];
        const here = held.get(row.id);
        return here === undefined || !(here.updatedAt >= updatedAt) ? [row.id] : [];
      });
      if (ids.length > 0) lack.set(kind.name, ids);
    }
    return lack;
  } finally {
    database.close();
  }
}

/** Rows and deleted rows of each stream, as the file itself has them. */
export function counts(db: string): Map<string, { rows: number; deleted: number }> {
  const database = new Database(db, { readonly: true });
  try {
    return new Map(
      KINDS.map((kind) => {
        const held = [...heldIn(database, kind).values()];
        const deleted = held.filter((one) => one.deleted).length;
        return [kind.name, { rows: held.length - deleted, deleted }];
      }),
    );
  } finally {
    database.close();
  }
}
