/**
 * What a page of a search says that is not so: how many rows there are, that it is whole, that there is nothing.
 * The rows that it brings are always true ones.
 */
import type { Answer, SearchPage } from "./answers.ts";
import type { Quirks } from "./quirks.ts";

/** `total` and `totalPages` as the server tells them, if at all, of so many rows. */
export function toldTotal(
  total: number,
  pageSize: number,
  { phantomRows = 0, mostTotal = Number.POSITIVE_INFINITY, totalAbsent = false }: Quirks,
): { total?: number; totalPages?: number } {
  if (totalAbsent) return {};
  const told = Math.min(total + phantomRows, mostTotal);
  return { total: told, totalPages: Math.ceil(told / pageSize) };
}

/** The answer that a page becomes. */
export function distort(page: SearchPage, quirks: Quirks): Answer {
  if (quirks.emptyAnswers !== undefined) return { status: quirks.emptyAnswers, body: { data: [] } };
  let told = page;
  if (quirks.totalAbsent === true) {
    // The last page's number would say what `meta` does not.
    const { last: _, ...links } = told.links;
    told = { ...told, links };
  }
  if (quirks.timesOut === true && told.data.length > 0) {
    const data = told.data.slice(0, Math.floor(told.data.length / 2));
    told = { ...told, meta: { ...told.meta, timed_out: true }, data };
  }
  return { status: 200, body: told, page: told };
}
