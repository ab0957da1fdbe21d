/**
 * Reads a whole list in ascending id order, page by page, for the old rows of a stream that the archive
 * search does not know. Rows that vanish meanwhile shift those behind them across page borders; that is
 * noticed by the id that ends the page before, and the list is read again.
 */
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import type { Api } from "./reader.ts";
import type { ScanProgress } from "./stream-state.ts";

/** The most rows a page of these lists holds (Kustomer's developer docs, "pagination"). */
const LIST_PAGE_SIZE = 100;

export type ScanOutcome = {
  readonly rows: readonly Resource[];
  /** Where to go on; null when the list was read whole. */
  readonly progress: ScanProgress | null;
  /** The server's clock when the reading began: what changed before it, and is old, has been seen. */
  readonly startedAt: number;
};

/** Asks the next page of a list, and at the end asks the page before again, to see that nothing shifted. */
export async function scanList(
  path: string,
  stored: ScanProgress | null,
  api: Api,
  now: number,
): Promise<ScanOutcome> {
  const progress = stored ?? { page: 1, lastId: null, startedAt: now, restarts: 0 };
  const ask = (page: number) =>
    api.list({ path, query: { sort: "asc", page: String(page), pageSize: String(LIST_PAGE_SIZE) } });
  const { startedAt } = progress;
  const page = await ask(progress.page);
  if (page.next !== null && page.rows.length > 0) {
    const lastId = page.rows.at(-1)?.id ?? null;
    return { rows: page.rows, progress: { ...progress, page: progress.page + 1, lastId }, startedAt };
  }
  if (progress.page > 1) {
    const previous = await ask(progress.page - 1);
    if (previous.rows.at(-1)?.id !== progress.lastId) {
      const restarts = progress.restarts + 1;
      if (restarts > 5) {
        throw new AppError("incomplete", "rows kept vanishing while the list was read", {
          hint: "run sync again at a quieter time: what was read so far is kept",
        });
      }
      return {
        rows: [...page.rows, ...previous.rows],
        progress: { page: 1, lastId: null, startedAt, restarts },
        startedAt,
      };
    }
  }
  return { rows: page.rows, progress: null, startedAt };
}
