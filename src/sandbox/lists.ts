/** The GET lists: pages in order of id, linked by `next` until it is null; none of them says how many rows there are but that of customers. */
import { type Answer, badParameter } from "./answers.ts";
import { inventRow } from "./invented-rows.ts";
import { pageLinks } from "./links.ts";
import type { Quirks } from "./quirks.ts";
import { render } from "./render.ts";
import { readCount } from "./search.ts";
import type { StreamName, World } from "./world.ts";

type List = {
  readonly stream: StreamName;
  readonly most: number;
  /** Whether `sort=desc` is honoured. */
  readonly sorts?: boolean;
  /** Whether soft-deleted rows are in the list, marked as such. */
  readonly deleted: boolean;
};

const LISTS: Readonly<Record<string, List>> = {
  "/v1/users": { stream: "users", most: 500, deleted: false },
  "/v1/teams": { stream: "teams", most: 500, deleted: true },
  "/v1/tags": { stream: "tags", most: 100, deleted: true },
  "/v1/shortcuts": { stream: "shortcuts", most: 100, deleted: true },
  "/v1/notes": { stream: "notes", most: 100, sorts: true, deleted: true },
  "/v1/messages": { stream: "messages", most: 100, sorts: true, deleted: false },
  "/v1/conversations": { stream: "conversations", most: 100, sorts: true, deleted: false },
  "/v1/customers": { stream: "customers", most: 100, deleted: false },
};

/** The stream that a path lists, or null when it is not a list. */
export function listedStream(path: string): StreamName | null {
  return Object.hasOwn(LISTS, path) ? LISTS[path]!.stream : null;
}

/** Answers a page of a list; `path` must be one that `listedStream` knows. */
export function answerList(world: World, path: string, params: URLSearchParams, quirks: Quirks): Answer {
  const list = LISTS[path]!;
  const table = world.tables[list.stream];
  const page = readCount(params, "page", 1);
  const most = Math.min(list.most, quirks.listMost ?? list.most);
  const pageSize = Math.min(most, readCount(params, "pageSize", 100));
  const usual = quirks.listsNewestFirst === true ? "desc" : "asc";
  const descending = (list.sorts === true ? (readOrder(params) ?? usual) : usual) === "desc";
  const wanted =
    list.stream === "users"
      ? readUsers(world, params, quirks)
      : (row: number) => list.deleted || table.deleted[row] === 0;
  let rows = table.inIdOrder().filter((row) => !table.purged.has(row) && wanted(row));
  if (descending) rows = rows.reverse();
  const data = rows
    .slice((page - 1) * pageSize, page * pageSize)
    .map((row) => render(world, list.stream, row));
  const unending = quirks.listUnending === path;
  if (unending) {
    // What is there comes first; the rest of each page is invented.
    let nth = Math.max(0, (page - 1) * pageSize - rows.length);
    while (data.length < pageSize) data.push(inventRow(world, list.stream, nth++));
  }
  const asked = new URLSearchParams(params);
  if (path === "/v1/notes" && !asked.has("sort")) asked.set("sort", "asc");
  const counted =
    path === "/v1/customers" ? { total: rows.length, totalPages: Math.ceil(rows.length / pageSize) } : {};
  const body = {
    meta: { pageSize, page, ...counted },
    data,
    links: pageLinks(path, asked, {
      page,
      pageSize,
      hasNext: unending || quirks.listsEndless === true || page * pageSize < rows.length,
    }),
  };
  return { status: 200, body };
}

/** Null where no order is asked for. */
function readOrder(params: URLSearchParams): string | null {
  const order = params.get("sort");
  if (order === null || order === "asc" || order === "desc") return order;
  throw badParameter("sort must be asc or desc", "sort");
}

/**
 * Users have filters, which can not be combined; without any, the active ones are listed. Whoever was invited and has
 * not come yet is listed by `pending` only.
 */
function readUsers(world: World, params: URLSearchParams, quirks: Quirks): (row: number) => boolean {
  const given = ["pending", "deleted", "userType", "email"].filter((name) => params.has(name));
  if (given.length > 1) {
    throw badParameter(`${given.join(" and ")} can not be combined`, given[1]!);
  }
  const { deleted } = world.tables.users;
  const gone = (row: number) => deleted[row] !== 0;
  const invited = (row: number) => world.invited.has(row) && !gone(row);
  const active = (row: number) => !world.invited.has(row) && !gone(row);
  const [filter] = given;
  const value = filter === undefined ? null : params.get(filter);
  if (filter === "userType" || filter === "email") {
    return (row) => active(row) && render(world, "users", row).attributes[filter] === value;
  }
  if (filter === undefined || value !== "true") return active;
  const treated = filter === "deleted" ? quirks.usersDeleted : quirks.usersPending;
  if (treated === "refused") throw badParameter(`${filter} is not allowed`, filter);
  if (treated === "ignored") return active;
  return filter === "deleted" ? gone : invited;
}
