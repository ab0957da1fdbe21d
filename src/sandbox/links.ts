/** The small pieces that every resource is made of: links to others, times, relationships. */
import { formatTime } from "../lib/time.ts";
import type { Table } from "./table.ts";
import { agentOf, modifiedAt } from "./traits.ts";
import type { World } from "./world.ts";

export type Relationship = { links: { self: string }; data: { type: string; id: string } };

/** A to-one relationship. */
export function toOne(type: string, path: string, id: string): Relationship {
  return { links: { self: `/v1/${path}/${id}` }, data: { type, id } };
}

export function toUser(world: World, user: number): Relationship {
  return toOne("user", "users", world.tables.users.id(user));
}

export function toOrg(world: World): Relationship {
  return toOne("org", "orgs", world.orgId);
}

/** `createdAt`, `updatedAt`, and `modifiedAt` where it is known. */
export function times(table: Table, row: number): Record<string, string> {
  const modified = modifiedAt(table, row);
  return {
    createdAt: formatTime(table.created[row]!),
    updatedAt: formatTime(table.updated[row]!),
    ...(modified === null ? {} : { modifiedAt: formatTime(modified) }),
  };
}

/** `deleted` and `deletedAt` of a deleted row; nothing of a live one. */
export function deletedAttributes(table: Table, row: number): Record<string, unknown> {
  const at = table.deleted[row]!;
  return at === 0 ? {} : { deleted: true, deletedAt: formatTime(at) };
}

/** `org`, who made the row and who changed it last, and who deleted it if somebody did. */
export function authors(world: World, table: Table, row: number): Record<string, Relationship> {
  return {
    org: toOrg(world),
    createdBy: toUser(world, agentOf(world, table, row, 1)),
    ...(table.rev[row]! > 1 ? { modifiedBy: toUser(world, agentOf(world, table, row, 2)) } : {}),
    ...(table.deleted[row] === 0 ? {} : { deletedBy: toUser(world, agentOf(world, table, row, 3)) }),
  };
}

/** The links of a page of a list, each with the query that was asked with; `next` is null on the last. */
export function pageLinks(
  path: string,
  params: URLSearchParams,
  { page, pageSize, hasNext }: { page: number; pageSize: number; hasNext: boolean },
): Record<"self" | "first", string> & Record<"prev" | "next", string | null> {
  const link = (number: number): string => {
    const query = new URLSearchParams(params);
    query.delete("page");
    query.delete("pageSize");
    query.set("page", String(number));
    query.set("pageSize", String(pageSize));
    return `${path}?${query}`;
  };
  return {
    self: link(page),
    first: link(1),
    prev: page > 1 ? link(page - 1) : null,
    next: hasNext ? link(page + 1) : null,
  };
}

/** An ISO 8601 time with an offset, as shops write them into custom attributes. */
export function offsetTime(ms: number, hours: number): string {
  const local = formatTime(ms + hours * 3_600_000).slice(0, 19);
  return `${local}${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`;
}
