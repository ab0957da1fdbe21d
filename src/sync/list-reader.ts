/**
 * Reads a list stream whole. Only a complete listing says which rows are gone, and since rows can slip past
 * while its pages are read, a row must be missing from two listings in a row before it is marked deleted.
 */
import { AppError } from "../lib/errors.ts";
import type { ListRead, Stream } from "../streams/define.ts";
import type { Reader, ReaderContext } from "./reader.ts";
import { encodeListState } from "./stream-state.ts";

export function createListReader(stream: Stream, read: ListRead, context: ReaderContext): Reader {
  let state: "due" | "busy" | "done" = "due";
  const lacks: AppError[] = [];

  /** Follows one listing to its end, commits its pages, and adds the ids it held. */
  async function follow(ids: Set<string>, deleted: boolean): Promise<void> {
    const asked = new Set<string>();
    const listed = new Set<string>();
    const query = { page: "1", pageSize: String(read.pageSize), ...(deleted ? read.deletedQuery : {}) };
    let next: string | null = null;
    do {
      const page = await context.api.list(next === null ? { path: read.path, query } : { path: next });
      context.commit(page.rows, null, { deleted });
      const known = listed.size;
      for (const { id } of page.rows) listed.add(id);
      // An empty page ends a list whose links never do.
      next = page.rows.length + page.rejected === 0 ? null : page.next;
      if (next === null) break;
      if (asked.has(next)) throw circle(`${next} comes again`);
      if (page.rows.length > 0 && listed.size === known) throw circle("a page holds nothing new");
      asked.add(next);
    } while (next !== null);
    for (const id of listed) ids.add(id);
  }

  async function readWhole(): Promise<void> {
    const ids = new Set<string>();
    const everything = async () => {
      if (read.deletedQuery !== undefined) await follow(ids, true);
      await follow(ids, false);
    };
    await everything();
    if (context.countMissing(ids) > 0) await everything();
    try {
      context.commit([], encodeListState({ readAt: context.now }), { sweep: ids });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "sweep-refused") throw error;
      lacks.push(error.located(stream.name));
    }
    state = "done";
  }

  return {
    stream,
    begin() {},
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

function circle(why: string): AppError {
  return new AppError("shape", `the list goes in a circle: ${why}`, {
    hint: "run sync again later: what was read so far is kept",
  });
}
