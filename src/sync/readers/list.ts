/**
 * Reads a list stream whole. The plain listing comes first: a row in it is live unless it calls itself deleted,
 * whatever another listing says. Only a complete listing says which rows are gone, and since rows can slip past
 * while its pages are read, a row must be missing from two listings in a row before it is marked deleted.
 */
import type { Page } from "../../kustomer/search.ts";
import { firstKeptOut } from "../../kustomer/shapes.ts";
import { AppError } from "../../lib/errors.ts";
import type { Resource } from "../../lib/resource.ts";
import type { ListRead, ListVariant, Stream } from "../../streams/define.ts";
import { earliestOf } from "../clocks.ts";
import type { Reader, ReaderContext } from "../reader.ts";
import { decodeListState, encodeListState } from "../state-codec.ts";
import type { Way } from "./way.ts";

/** A list of more pages than this has no end: 100,000 rows and more of what an account has by the dozen. */
const MOST_PAGES = 1_000;
/** A listing of no more pages is held until its end; a longer one is followed to its end before a row of it is kept. */
const PAGES_HELD = 20;
/** How often a page is asked that holds fewer rows than those before it and yet names a next one. */
const ASKED_AT_MOST = 3;

/** How streams are read whole, from a list. */
export function readByList(read: ListRead): Way {
  return {
    words: [`list ${read.path}`, "list"],
    createReader: (stream, stored, _, context) => {
      decodeListState(stream.name, stored);
      return createReader(stream, read, context);
    },
    probe: (api) => api.list({ path: read.path, query: { page: "1", pageSize: "1" } }),
    heldFrom: () => null,
    fullReadSince: () => null,
    repairedState: () => null,
  };
}

function createReader(stream: Stream, read: ListRead, context: ReaderContext): Reader {
  let state: "due" | "busy" | "done" = "due";
  const lacks: AppError[] = [];
  const refused = new Set<ListVariant>();
  /** A row that could not be kept, and why; null when all could. */
  let unkept: string | null = null;

  /**
   * Follows one listing to its end; rows of one that has none are not kept. Returns the ids it held, which `keep` is
   * told, too, as far as they came.
   */
  async function follow(
    query: Readonly<Record<string, string>>,
    keep: (rows: readonly Resource[], listed: ReadonlySet<string>) => Promise<void>,
  ): Promise<Set<string>> {
    const listed = new Set<string>();
    const held: (readonly Resource[])[] = [];
    const hold = async (rows: readonly Resource[]) => {
      if (held.length <= PAGES_HELD) held.push(rows);
    };
    const isShort = () => held.length <= PAGES_HELD;
    try {
      await walk(query, hold, listed);
      if (isShort()) return listed;
      const again = new Set<string>();
      await walk(query, (rows) => keep(rows, listed), again);
      return again;
    } finally {
      if (isShort()) for (const rows of held) await keep(rows, listed);
    }
  }

  async function walk(
    query: Readonly<Record<string, string>>,
    take: (rows: readonly Resource[]) => Promise<void>,
    listed: Set<string>,
  ): Promise<void> {
    const asked = new Set<string>();
    let largest = 0;
    let at: { path: string; query?: Record<string, string> } | null = {
      path: read.path,
      query: { page: "1", pageSize: String(read.pageSize), ...query },
    };
    for (let pages = 1; at !== null; pages += 1) {
      if (pages > MOST_PAGES) throw endless("has no end", `over ${MOST_PAGES} pages of it`);
      const known = listed.size;
      let page: Page = await context.api.list(at);
      for (let tries = 1; ; tries += 1) {
        await take(page.rows);
        for (const { id } of page.rows) listed.add(id);
        unkept ??= firstKeptOut(page)?.why ?? null;
        const isShort = page.next !== null && sizeOf(page) > 0 && sizeOf(page) < largest;
        if (!isShort || tries === ASKED_AT_MOST) break;
        page = await context.api.list(at);
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

  async function readPlain(): Promise<Set<string>> {
    return follow({}, (rows) => context.commit(rows, null));
  }

  /** Reads a listing of rows that the plain one leaves out; where that is not honoured it says nothing about them. */
  async function readVariant(variant: ListVariant, plain: ReadonlySet<string>): Promise<Set<string>> {
    let isHonoured: boolean | null = null;
    return follow(variant.query, (rows, listed) => {
      const others = rows.filter(({ id }) => !plain.has(id));
      // Once for all pages: the listing is as long as it gets before the first of them is kept.
      isHonoured ??= [...listed].filter((id) => !plain.has(id)).length * 2 >= listed.size;
      return context.commit(others, null, { deleted: variant.deleted && isHonoured });
    });
  }

  /** The ids of all listings. */
  async function readAll(): Promise<Set<string>> {
    const ids = await readPlain();
    const plain = new Set(ids);
    for (const variant of read.variants ?? []) {
      if (refused.has(variant)) continue;
      try {
        for (const id of await readVariant(variant, plain)) ids.add(id);
      } catch (error) {
        await refuse(variant, error);
      }
    }
    return ids;
  }

  /** What a refused listing would have told is lacking, and nothing else is. */
  async function refuse(variant: ListVariant, error: unknown): Promise<void> {
    if (!(error instanceof AppError) || ![400, 401, 403, 404].includes(error.status ?? 0)) throw error;
    const judged = error.status === 401 || error.status === 403 ? await context.denied(error) : error;
    if (judged.recovery === "stop") throw judged;
    refused.add(variant);
    lacks.push(
      new AppError(judged.code, `${variant.rows} were refused: ${judged.message}`, {
        at: stream.name,
        status: judged.status,
        said: judged.said,
        hint: `all other ${stream.name} are read; ask Kustomer for access to ${read.path}?${new URLSearchParams(variant.query)}`,
      }),
    );
  }

  async function readWhole(): Promise<void> {
    const { gone } = context;
    const ids = await readAll();
    // Rows that only a refused listing could show are not gone, nor are those that came and could not be kept.
    const canSweep = () => gone !== null && unkept === null && ![...refused].some(({ deleted }) => !deleted);
    if (gone !== null && canSweep() && gone.countMissing(ids) > 0)
      for (const id of await readAll()) ids.add(id);
    if (unkept !== null) {
      lacks.push(
        new AppError("incomplete", `a row of the list ${unkept}`, {
          at: stream.name,
          hint: "all other rows are read; the next sync asks for the list again",
        }),
      );
    }
    const read = encodeListState({ readAt: earliestOf(context.clocks) }, lacks.length === 0);
    try {
      await context.commit([], read, canSweep() ? { sweep: ids } : {});
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "sweep-refused") throw error;
      lacks.push(error.located(stream.name));
    }
    state = "done";
  }

  return {
    stream,
    async begin() {},
    take() {
      if (state !== "due") return null;
      state = "busy";
      return readWhole;
    },
    split: () => null,
    finished: () => state === "done",
    lacks: () => lacks,
    failure: () => null,
  };
}

function sizeOf({ rows, rejected }: Page): number {
  return rows.length + rejected;
}

function endless(what: string, why: string): AppError {
  return new AppError("shape", `the list ${what}: ${why}`, {
    hint: "run sync again later; the other streams are not touched by it",
  });
}
