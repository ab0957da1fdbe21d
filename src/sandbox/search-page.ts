/**
 * Writes a page of a search out: the rows as they are when they are fetched, beside what the index says about them.
 * A row that was found and is no longer there, because it was purged since, is left out of the page and still
 * counted, as by any server that asks an index for ids and then a store for documents.
 */
import type { Answer, SearchPage } from "./answers.ts";
import type { Query } from "./query.ts";
import { render } from "./render.ts";
import type { SearchOptions } from "./search.ts";
import { distort, toldTotal } from "./search-lies.ts";
import type { World } from "./world.ts";

/** Which part of how many rows a page is, and their numbers. */
export type PageOfRows = {
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
  readonly rows: readonly number[];
};

/** The answer that brings a page of rows. */
export function answerPage(
  world: World,
  query: Query,
  params: URLSearchParams,
  options: SearchOptions,
  { page, pageSize, total, rows }: PageOfRows,
): Answer {
  const { stream } = query.objects;
  const path = options.archive ? "/v1/customers/archive/search" : "/v1/customers/search";
  const link = (number: number) => `${path}?page=${number}&pageSize=${pageSize}`;
  const totalPages = Math.ceil(total / pageSize);
  const idsOnly = params.get("idsOnly") === "true";
  const body: SearchPage = {
    meta: {
      pageSize,
      page,
      ...toldTotal(total, pageSize, options.quirks),
      aggregations: {},
      timed_out: false,
    },
    links: {
      self: link(page),
      first: link(1),
      prev: page > 1 ? link(page - 1) : null,
      next: page < totalPages ? link(page + 1) : null,
      last: link(Math.max(1, totalPages)),
    },
    data: rows
      .filter((row) => !world.tables[stream].purged.has(row))
      .map((row) => {
        const { type, id, ...rest } = render(world, stream, row);
        return idsOnly ? { type, id } : { type, id, ...rest };
      }),
  };
  return distort(body, options.quirks);
}
