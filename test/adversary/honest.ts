/** What Kustomer answers when it tells the truth. Lies take such an answer and change it. */
import { type Account, current, type Row, type Version } from "./account.ts";
import { type Ask, attributeOf, type Criterion, Refused } from "./ask.ts";
import { KINDS } from "./kinds.ts";
import { hash } from "./random.ts";

export type Resource = {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  relationships: Record<string, unknown>;
  links: Record<string, unknown>;
};

export type Answer = {
  status: number;
  headers: Record<string, string>;
  meta: Record<string, unknown> | null;
  rows: Resource[];
  links: Record<string, unknown> | null;
  /** In place of meta, rows and links. */
  body?: unknown;
  /** In place of any JSON. */
  raw?: string;
  /** The connection breaks instead. */
  reset?: boolean;
  /** Nothing comes at all. */
  hang?: boolean;
};

const ORG = "5f00000000000000000000aa";
const iso = (at: number) => new Date(at).toISOString();
const link = (type: string, id: string) => ({
  links: { self: `/v1/${type}s/${id}` },
  data: { type, id },
});

/** A row as the API sends it. */
export function resourceOf(row: Row, version: Version = current(row)): Resource {
  const { kind, id } = row;
  const { rev, updatedAt, deletedAt, text, mark } = version;
  const klass = hash(id) % 3 === 0 ? "return" : "order";
  return {
    type: kind.type === "kobject" ? `kobject.${klass}` : kind.type,
    id,
    attributes: {
      [kind.text]: text,
      mark,
      rev,
      createdAt: iso(row.createdAt),
      updatedAt: iso(updatedAt),
      modifiedAt: iso(updatedAt),
      ...(kind.name === "users" ? {} : { deleted: deletedAt !== null }),
      ...(deletedAt === null ? {} : { deletedAt: iso(deletedAt) }),
    },
    relationships: {
      org: link("org", ORG),
      ...(kind.type === "kobject"
        ? { klass: { link: `/v1/klasses/${klass}`, data: { type: "klass", id: klass } } }
        : {}),
    },
    links: { self: `${kind.list}/${id}` },
  };
}

export const emptyAnswer = (status: number, message: string): Answer => ({
  ...{ status, headers: {}, meta: null, rows: [], links: null },
  body: { errors: [{ status, code: message.replaceAll(" ", "_").slice(0, 40), title: message }] },
});

/** What an index shows of a row; null where it does not know it. */
export type View = (row: Row) => Version | null;

/** The rows that a search finds, in order, with the version by which the index knows each. */
export function find(
  account: Account,
  ask: Ask,
  now: number,
  view: View = (row) => row.shown,
): { row: Row; shown: Version }[] {
  const kind = ask.kind!;
  const by = ask.by === "archive" ? "archive" : "search";
  const found: { row: Row; shown: Version }[] = [];
  for (const row of account.rows(kind)) {
    const shown = row.purged && !row.ghost ? null : view(row);
    if (shown === null || (shown.deletedAt !== null && !ask.includeDeleted)) continue;
    if (!account.holds(by, shown.updatedAt, now)) continue;
    const holds = (criterion: Criterion) => matches(row, shown, criterion);
    if (!ask.and.every(holds) || ask.not.some(holds)) continue;
    if (ask.or.length > 0 && !ask.or.some(holds)) continue;
    found.push({ row, shown });
  }
  const order = ask.sort[0] ?? { by: "id", down: false };
  const down = order.down ? -1 : 1;
  // No id is sortable: rows of one instant come in an order of the index's own.
  return found
    .map((one) => ({ one, key: value(one.row, one.shown, order.by), tie: hash(one.row.id + ask.ties) }))
    .sort((a, b) => (a.key < b.key ? -down : a.key > b.key ? down : a.tie - b.tie))
    .map(({ one }) => one);
}

function value(row: Row, shown: Version, attribute: string): number | string | boolean {
  if (attribute === "updated_at") return shown.updatedAt;
  if (attribute === "created_at") return row.createdAt;
  return attribute === "deleted" ? shown.deletedAt !== null : row.id;
}

function matches(row: Row, shown: Version, criterion: Criterion): boolean {
  return Object.entries(criterion).every(([name, test]) => {
    const held = value(row, shown, attributeOf(row.kind, name));
    return Object.entries(test).every(([operator, asked]) => {
      if (operator === "in") return (asked as unknown[]).includes(held);
      if (operator === "not_set") return false;
      const wanted = typeof held === "number" ? Date.parse(String(asked)) : (asked as typeof held);
      if (Number.isNaN(wanted)) throw new Refused(400, `${name} ${operator} ${String(asked)}`);
      if (operator === "equals") return held === wanted;
      if (operator === "gte") return held >= wanted;
      if (operator === "gt") return held > wanted;
      return operator === "lt" ? held < wanted : held <= wanted;
    });
  });
}

/** The rows of a listing, in the order of their ids. */
export function listed(account: Account, ask: Ask): Row[] {
  const kind = ask.kind!;
  const rows = account.rows(kind).filter((row) => {
    if (row.purged) return false;
    const deleted = current(row).deletedAt !== null;
    if (kind.name === "users") {
      // A few of the active ones were invited and have not come yet.
      return ask.variant === "pending"
        ? !deleted && hash(row.id) % 50 === 0
        : deleted === (ask.variant === "deleted");
    }
    return ask.variant === "";
  });
  const down = ask.sort[0]?.down ? -1 : 1;
  return rows.sort((a, b) => (a.id < b.id ? -down : down));
}

/** Answers truly, or as an index would that has a view of its own, of the rows as they are or (`old`) as it has them. */
export function answerHonestly(account: Account, ask: Ask, now: number, view?: View, old = false): Answer {
  if (ask.by === "token") return tokenAnswer(account, now);
  if (ask.by === "one") {
    const row = account.row(ask.id ?? "");
    if (row === undefined || row.purged || row.kind !== ask.kind) return emptyAnswer(404, "Not Found");
    return { ...emptyAnswer(200, ""), body: { data: resourceOf(row) } };
  }
  const found: { row: Row; shown: Version }[] =
    ask.by === "list"
      ? listed(account, ask).map((row) => ({ row, shown: current(row) }))
      : find(account, ask, now, view);
  const first = (ask.page - 1) * ask.pageSize;
  const page = found.slice(first, first + ask.pageSize);
  // What the index found is fetched from where the rows are: it comes as it is now.
  const rows = page
    .filter(({ row }) => !row.purged)
    .map(({ row, shown }) => {
      const resource = old ? resourceOf(row, shown) : resourceOf(row);
      return ask.idsOnly ? ({ type: resource.type, id: resource.id } as Resource) : resource;
    });
  return {
    status: 200,
    headers: {},
    ...envelope(ask, found.length, first + page.length < found.length),
    rows,
  };
}

/** The meta and links of a page. */
export function envelope(ask: Ask, total: number, more: boolean): Pick<Answer, "meta" | "links"> {
  const at = (page: number) => linkTo(ask, page);
  const search = ask.by !== "list";
  const counted = search || ask.kind?.name === "customers";
  const totalPages = Math.ceil(total / ask.pageSize);
  return {
    meta: {
      page: ask.page,
      pageSize: ask.pageSize,
      ...(counted ? { total, totalPages } : {}),
      ...(search ? { aggregations: {}, timed_out: false } : {}),
    },
    links: {
      self: at(ask.page),
      first: at(1),
      prev: ask.page > 1 ? at(ask.page - 1) : null,
      next: more ? at(ask.page + 1) : null,
      ...(search ? { last: at(Math.max(1, totalPages)) } : {}),
    },
  };
}

/** The same question's other page, as a relative link. */
export function linkTo(ask: Ask, page: number): string {
  const url = new URL(ask.target, "http://kustomer");
  url.searchParams.set("page", String(page));
  url.searchParams.set("pageSize", String(ask.pageSize));
  return url.pathname + url.search;
}

function tokenAnswer(account: Account, now: number): Answer {
  const roles = ["search.create", ...KINDS.map(({ type }) => `${type}.read`)];
  return {
    ...emptyAnswer(200, ""),
    body: {
      data: {
        type: "auth_token",
        id: "5f0000000000000000000001",
        attributes: {
          name: "adversary",
          roles: roles.map((role) => `org.permission.${role}`),
          createdAt: iso(account.bornAt - 86_400_000),
          updatedAt: iso(account.bornAt - 86_400_000),
          lastAccessedAt: iso(now),
        },
        relationships: { org: link("org", ORG), user: link("user", "5f00000000000000000000bb") },
        links: { self: "/v1/auth/tokens/5f0000000000000000000001" },
      },
    },
  };
}
