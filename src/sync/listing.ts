/**
 * Follows one listing to its end. A listing that has none is not believed: its links may go in a circle, or on for ever,
 * and then none of its rows is kept, but for those of a short one.
 */
import type { Page } from "../kustomer/search.ts";
import { firstKeptOut } from "../kustomer/shapes.ts";
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import type { Query } from "./reader.ts";

/** A list of more pages than this has no end: 100,000 rows and more of what an account has by the dozen. */
const MOST_PAGES = 1_000;
/** A listing of no more pages is held until its end; a longer one is followed to its end before a row of it is kept. */
const PAGES_HELD = 20;
/** How often a page is asked that holds fewer rows than those before it and yet names a next one. */
const ASKED_AT_MOST = 3;

export type Listing = {
  readonly path: string;
  readonly query: Query;
  /** Asks for a page, by its path and, for the first one, its query. */
  readonly ask: (request: { path: string; query?: Query }) => Promise<Page>;
  /** Keeps rows; `listed` are the ids of all that the listing holds, as far as they came. */
  readonly keep: (rows: readonly Resource[], listed: ReadonlySet<string>) => Promise<void>;
};

export type Listed = {
  /** The ids that the listing held. */
  readonly ids: Set<string>;
  /** Why a row of it could not be kept, as the first of them says; null when all could. */
  readonly unkept: string | null;
};

/** Follows a listing to its end; throws `shape` when it has none. */
export async function followListing({ path, query, ask, keep }: Listing): Promise<Listed> {
  const ids = new Set<string>();
  const held: (readonly Resource[])[] = [];
  let unkept: string | null = null;
  const hold = async (rows: readonly Resource[]) => {
    if (held.length <= PAGES_HELD) held.push(rows);
  };
  const isShort = () => held.length <= PAGES_HELD;
  try {
    await walk(hold, ids);
    if (isShort()) return { ids, unkept };
    const again = new Set<string>();
    await walk((rows) => keep(rows, ids), again);
    return { ids: again, unkept };
  } finally {
    if (isShort()) for (const rows of held) await keep(rows, ids);
  }

  async function walk(
    take: (rows: readonly Resource[]) => Promise<void>,
    listed: Set<string>,
  ): Promise<void> {
    const asked = new Set<string>();
    let largest = 0;
    let at: { path: string; query?: Query } | null = { path, query };
    for (let pages = 1; at !== null; pages += 1) {
      if (pages > MOST_PAGES) throw endless("has no end", `over ${MOST_PAGES} pages of it`);
      const known = listed.size;
      let page: Page = await ask(at);
      for (let tries = 1; ; tries += 1) {
        await take(page.rows);
        for (const { id } of page.rows) listed.add(id);
        unkept ??= firstKeptOut(page)?.why ?? null;
        const isShort = page.next !== null && sizeOf(page) > 0 && sizeOf(page) < largest;
        if (!isShort || tries === ASKED_AT_MOST) break;
        page = await ask(at);
      }
      largest = Math.max(largest, sizeOf(page));
      // An empty page ends a list whose links never do.
      const next: string | null = sizeOf(page) === 0 ? null : page.next;
      if (next !== null && asked.has(next)) throw endless("goes in a circle", `${next} comes again`);
      if (next !== null && page.rows.length > 0 && listed.size === known) {
        throw endless("goes in a circle", "a page holds nothing new");
      }
      if (next !== null) asked.add(next);
      at = next === null ? null : { path: next };
    }
  }
}

function sizeOf({ rows, rejected }: Page): number {
  return rows.length + rejected;
}

/** What is said of a list that is not believed to end. */
export function endless(what: string, why: string): AppError {
  return new AppError("shape", `the list ${what}: ${why}`, {
    hint: "run sync again later; the other streams are not touched by it",
  });
}
