/**
 * One page of `POST /v1/customers/search`, or of its archive for what last changed over two years ago: the
 * rows of one context inside a closed-open range of time, oldest first, the deleted ones among them.
 */
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import type { Client } from "./client.ts";
import { checkTypes, type KeptOut, parsePage } from "./shapes.ts";

export type SearchRequest = {
  /** The `queryContext`, which prefixes the attributes: `conversation`. */
  context: string;
  archive: boolean;
  /** `updated_at` from here (ms), inclusive. */
  from: number;
  /** `updated_at` up to here (ms), exclusive; null: no end. */
  to: number | null;
  /** From 1; the server answers no page beyond the 100th. */
  page: number;
  /** The server lowers more than 500 to 500 without a word. */
  pageSize: number;
  /** `created_at` from here (ms), inclusive. */
  createdFrom?: number | undefined;
  /** `created_at` up to here (ms), exclusive. */
  createdTo?: number | undefined;
  /** Ascending; default `updated_at`. */
  sort?: "updated_at" | "created_at" | undefined;
  /** True to leave out deleted rows; default: they are among the others. */
  liveOnly?: boolean | undefined;
  /** Which types of rows were asked for; a row of another makes the answer a fault. Default: any. */
  accepts?: ((type: string) => boolean) | undefined;
};

export type Page = {
  readonly rows: Resource[];
  /** Rows kept out because they are not usable. */
  readonly rejected: number;
  /** The first of them, and why. */
  readonly keptOut: readonly KeptOut[];
  /** How much there is in all pages; null when the server does not say. */
  readonly total: number | null;
  /** The size the server says it used, else the one asked for. */
  readonly pageSize: number;
  /** The search gave up early: not the whole page, ask again. */
  readonly timedOut: boolean;
  /** The next page; null on the last. Of a search it is as written, and goes on pointing past the 100th page. */
  readonly next: string | null;
  /** The server's clock (ms); null when the answer has no date. */
  readonly serverTime: number | null;
  /** How many requests it took. */
  readonly requests: number;
};

/** https://developer.kustomer.com/docs/concepts/search */
export async function searchPage(client: Client, request: SearchRequest): Promise<Page> {
  const { value, serverTime, requests } = await client.request({
    method: "POST",
    path: request.archive ? "/v1/customers/archive/search" : "/v1/customers/search",
    query: { page: request.page, pageSize: request.pageSize },
    body: searchBody(request),
    budget: "search",
    parse: (body) => {
      const page = parsePage(body);
      if (page.rows.length + page.rejected === 0 && page.bare) {
        throw new AppError("shape", "it is empty, and says neither how much there is nor where it goes on");
      }
      checkTypes(page.rows, request.context, request.accepts);
      return page;
    },
  });
  const { bare: _, ...page } = value;
  return { ...page, pageSize: page.pageSize ?? request.pageSize, serverTime, requests };
}

/** Two bounds are two criteria: both in one is a form no document shows. Times carry their milliseconds. */
function searchBody(request: SearchRequest): unknown {
  const { context, sort = "updated_at" } = request;
  const bounds = [
    { attribute: "updated_at", operator: "gte", at: request.from },
    { attribute: "updated_at", operator: "lt", at: request.to },
    { attribute: "created_at", operator: "gte", at: request.createdFrom },
    { attribute: "created_at", operator: "lt", at: request.createdTo },
  ];
  return {
    queryContext: context,
    and: bounds.flatMap(({ attribute, operator, at }) =>
      at === null || at === undefined
        ? []
        : [{ [`${context}_${attribute}`]: { [operator]: formatTime(at) } }],
    ),
    sort: [{ [`${context}_${sort}`]: "asc" }],
    includeDeleted: request.liveOnly !== true,
    timeZone: "GMT",
  };
}
