/**
 * Reads a list stream whole. The plain listing comes first: a row in it is live unless it calls itself deleted,
 * whatever another listing says. Only a complete listing says which rows are gone, and since rows can slip past
 * while its pages are read, a row must be missing from two listings in a row before it is marked deleted.
 */
import type { StoredState } from "../../destination/destination.ts";
import { firstKeptOut } from "../../kustomer/shapes.ts";
import { AppError } from "../../lib/errors.ts";
import type { Resource } from "../../lib/resource.ts";
import type { Documents, ListRead, ListVariant, Stream } from "../../streams/define.ts";
import { type Clocks, earliestOf, latestOf } from "../clocks.ts";
import { endless, followListing } from "../listing.ts";
import type { Query, Reader, ReaderContext } from "../reader.ts";
import { decodeListState, encodeListState } from "../state-codec.ts";
import type { Way } from "./way.ts";

/** What an account sets up once is not asked for again so soon. */
const SETTLED_MS = 10 * 60_000;
/** At most so many documents are asked for, one by one. */
const MOST_DOCUMENTS = 2_000;

/** How streams are read whole, from a list. */
export function readByList(read: ListRead): Way {
  return {
    words: [`list ${read.path}`, "list"],
    createReader: (stream, stored, options, context) => {
      const isAsked = options.full || options.isNamed || !isSettled(stream, stored, options.clocks);
      return isAsked ? createReader(stream, read, context) : leaveAsRead(stream, stored!, context);
    },
    probe: (api) => {
      const [first] = read.documents?.paths ?? [];
      if (first !== undefined) return api.list({ path: first, isDocument: true });
      return api.list(firstPageOf(read, read.parts?.[0] ?? {}, 1));
    },
    heldFrom: () => null,
    fullReadSince: () => null,
    repairedState: () => null,
  };
}

/** What a listing of this query is asked with first, for so many rows where it has pages. */
function firstPageOf(
  { path, query, pageSize }: ListRead,
  more: Query,
  size = pageSize,
): { path: string; query: Query } {
  const paged: Query = pageSize === null ? {} : { page: "1", pageSize: String(size) };
  return { path, query: { ...paged, ...query, ...more } };
}

/** True for a setting that was read whole a moment ago, by either clock. Throws `store-state`. */
function isSettled(stream: Stream, stored: StoredState | null, clocks: Clocks): boolean {
  const state = decodeListState(stream.name, stored);
  if (!stream.isSetting || state === null || stored?.complete !== true) return false;
  return state.readAt <= earliestOf(clocks) && latestOf(clocks) - state.readAt < SETTLED_MS;
}

/** The reader of a stream of which nothing is asked. */
function leaveAsRead(stream: Stream, stored: StoredState, { commit }: ReaderContext): Reader {
  return {
    stream,
    begin: () => commit([], stored),
    take: () => null,
    split: () => null,
    finished: () => true,
    lacks: () => [],
    failure: () => null,
  };
}

function createReader(stream: Stream, read: ListRead, context: ReaderContext): Reader {
  let state: "due" | "busy" | "done" = "due";
  const lacks: AppError[] = [];
  const refused = new Set<ListVariant>();
  /** A row that could not be kept, and why; null when all could. */
  let unkept: string | null = null;
  const { documents, parts = [{}], rows = "own" } = read;
  const rowsIn = typeof rows === "string" ? rows : "own";

  /** Follows a listing to its end; returns the ids it held, which `keep` is told, too, as far as they came. */
  async function follow(
    query: Query,
    keep: (rows: readonly Resource[], listed: ReadonlySet<string>) => Promise<void>,
  ): Promise<Set<string>> {
    const listed = await followListing({
      ...firstPageOf(read, query),
      ask: (request) => context.api.list({ ...request, rows: rowsIn }),
      keep,
    });
    unkept ??= listed.unkept;
    return listed.ids;
  }

  async function readPlain(): Promise<Set<string>> {
    if (documents !== undefined) return readDocuments(documents);
    const ids = new Set<string>();
    for (const part of parts) {
      for (const id of await follow(part, (rows) => context.commit(rows, null))) ids.add(id);
    }
    return ids;
  }

  /** Reads the rows of documents to which a listing leads. */
  async function readDocuments({ paths = [], of, query }: Documents): Promise<Set<string>> {
    const all = new Set(paths);
    const note = async (listed: readonly Resource[]) => {
      for (const path of listed.map(of)) if (path !== null) all.add(path);
    };
    try {
      for (const part of parts) {
        await followListing({ ...firstPageOf(read, part), ask: context.askAside, keep: note });
      }
    } catch (error) {
      if (paths.length === 0) throw error;
      await refuse({ query: {}, deleted: false, rows: "those that a list leads to" }, error);
    }
    if (all.size > MOST_DOCUMENTS) throw endless("leads too far", `to ${all.size} documents`);
    const ids = new Set<string>();
    for (const path of all) {
      for (const id of await readDocument(path, query)) ids.add(id);
    }
    return ids;
  }

  async function readDocument(path: string, query: Query = {}): Promise<string[]> {
    try {
      const ask = typeof rows === "string" ? context.api.list : context.askAside;
      const page = await ask({ path, query, isDocument: true, rows: rowsIn });
      const own = typeof rows === "string" ? page.rows : page.rows.flatMap(rows);
      if (typeof rows !== "string") context.came(own.length);
      unkept ??= firstKeptOut(page)?.why ?? null;
      await context.commit(own, null);
      return own.map(({ id }) => id);
    } catch (error) {
      // What was in the listing a moment ago may be gone.
      if (error instanceof AppError && error.status === 404) return [];
      throw error;
    }
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
