/**
 * One page of a GET list, and the way to the next. Links are followed only on the API's own origin: the key
 * goes nowhere else.
 */
import { AppError } from "../lib/errors.ts";
import { addressOf, pathOfLink, type Query } from "./address.ts";
import type { Client } from "./client.ts";
import type { Page } from "./search.ts";
import { acceptedOf, checkTypes, parseDocument, parsePage, type RowsIn } from "./shapes.ts";

export type ListRequest = {
  /** Begins with `/`; a page's `next` as it is. */
  path: string;
  query?: Query | undefined;
  /** True for one document, which has no pages. */
  isDocument?: boolean | undefined;
  /** Where the rows are; `included` may hold others, which are left out. Default: the answer's own. */
  rows?: RowsIn | undefined;
  /** Which types of rows were asked for; a row of another makes the answer a fault. Default: any. */
  accepts?: ((type: string) => boolean) | undefined;
};

/** Reads one page; its `next` is a path to ask for with the same function, already checked. */
export async function listPage(client: Client, request: ListRequest): Promise<Page> {
  const { path, query = {} } = request;
  const asked = addressOf(client.baseUrl, path, query);
  const { value, serverTime, requests } = await client.request({
    method: "GET",
    path,
    query,
    budget: "org",
    parse: (body) => {
      const { bare: _, ...page } = (request.isDocument === true ? parseDocument : parsePage)(
        body,
        request.rows,
      );
      if (request.rows === "included") page.rows = acceptedOf(page.rows, request.accepts);
      else checkTypes(page.rows, path.replace(/\?.*$/s, ""), request.accepts);
      const next = page.next === null ? null : pathOfLink(client.baseUrl, page.next, path);
      if (next !== null && addressOf(client.baseUrl, next).href === asked.href) {
        throw new AppError("shape", "its link to the next page names the same page");
      }
      return { ...page, next };
    },
  });
  // Kustomer's documented page size where none is asked for.
  const pageSize = value.pageSize ?? (Number(asked.searchParams.get("pageSize")) || 100);
  return { ...value, pageSize, serverTime, requests };
}
