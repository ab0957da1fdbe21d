/** What a request asks, taken apart as Kustomer's documents have it; what they do not allow is refused with 400. */
import { KINDS, type Kind } from "./kinds.ts";

export type Criterion = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Ask = {
  /** In the order in which they came, from 1, since the sync began. */
  readonly nth: number;
  readonly by: "token" | "search" | "archive" | "list" | "one";
  readonly kind: Kind | null;
  /** Of a user listing: `deleted`, `pending` or nothing. */
  readonly variant: string;
  readonly id: string | null;
  readonly page: number;
  readonly pageSize: number;
  readonly idsOnly: boolean;
  readonly and: readonly Criterion[];
  readonly or: readonly Criterion[];
  readonly not: readonly Criterion[];
  readonly sort: readonly { readonly by: string; readonly down: boolean }[];
  readonly includeDeleted: boolean;
  /** In which order rows of one instant come. */
  readonly ties: string;
  /** The path with its query, as it came. */
  readonly target: string;
};

/** What cannot be answered, and why. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const SEARCHES: Readonly<Record<string, "search" | "archive">> = {
  "/v1/customers/search": "search",
  "/v1/customers/archive/search": "archive",
};
const OPERATORS = new Set(["gt", "gte", "lt", "lte", "equals", "in", "not_set"]);

export function readAsk(nth: number, method: string, target: string, body: string): Ask {
  const url = new URL(target, "http://kustomer");
  const query = url.searchParams;
  const plain: Ask = {
    ...{ nth, by: "list", kind: null, variant: "", id: null, idsOnly: query.get("idsOnly") === "true" },
    page: Number(query.get("page") ?? 1),
    pageSize: Number(query.get("pageSize") ?? 100),
    ...{ and: [], or: [], not: [], sort: [], includeDeleted: false, ties: "", target },
  };
  if (!Number.isInteger(plain.page) || plain.page < 1) throw new Refused(400, `page ${query.get("page")}`);
  if (!(plain.pageSize >= 1)) throw new Refused(400, `pageSize ${query.get("pageSize")}`);
  const by = SEARCHES[url.pathname];
  if (by !== undefined) {
    if (method !== "POST") throw new Refused(404, `${method} ${url.pathname}`);
    return readSearch({ ...plain, by, pageSize: Math.min(plain.pageSize, 500) }, body);
  }
  if (method !== "GET") throw new Refused(404, `${method} ${url.pathname}`);
  if (url.pathname === "/v1/auth/tokens/current") return { ...plain, by: "token" };
  for (const kind of KINDS) {
    const variant = ["deleted", "pending"].find((name) => query.get(name) === "true") ?? "";
    const down = query.get("sort") === "desc";
    const pageSize = Math.min(plain.pageSize, kind.maxPageSize);
    if (url.pathname === kind.list)
      return { ...plain, kind, variant, pageSize, sort: [{ by: "id", down }], includeDeleted: true };
    if (url.pathname.startsWith(`${kind.list}/`))
      return { ...plain, by: "one", kind, id: url.pathname.slice(kind.list.length + 1) };
  }
  throw new Refused(404, `${method} ${url.pathname}`);
}

function readSearch(ask: Ask, text: string): Ask {
  const body = JSON.parse(text) as Record<string, unknown>;
  const known = ["queryContext", "and", "or", "not", "sort", "timeZone", "includeDeleted", "fields"];
  const odd = Object.keys(body).filter((key) => !known.includes(key));
  if (odd.length > 0) throw new Refused(400, `unknown keys: ${odd.join(", ")}`);
  const kind = KINDS.find((one) => one.context !== null && one.context === body.queryContext);
  if (kind === undefined || (ask.by === "archive" && !kind.archived))
    throw new Refused(400, `queryContext ${String(body.queryContext)}`);
  const criteria = (name: string) => {
    const list = many(body[name]) as Criterion[];
    if (list.length > 20) throw new Refused(400, `more than 20 criteria in ${name}`);
    for (const criterion of list) checkCriterion(kind, criterion);
    return list;
  };
  const sort = many(body.sort).flatMap((entry) =>
    Object.entries(entry as Record<string, string>).map(([name, direction]) => {
      return { by: attributeOf(kind, name), down: direction === "desc" };
    }),
  );
  if (ask.page > 100) throw new Refused(400, "no more than 100 pages");
  return {
    ...ask,
    kind,
    and: criteria("and"),
    or: criteria("or"),
    not: criteria("not"),
    sort,
    includeDeleted: body.includeDeleted === true,
  };
}

const many = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

function checkCriterion(kind: Kind, criterion: Criterion): void {
  for (const [name, test] of Object.entries(criterion)) {
    attributeOf(kind, name);
    const odd = Object.keys(test).find((operator) => !OPERATORS.has(operator));
    if (odd !== undefined) throw new Refused(400, `unknown operator ${odd}`);
  }
}

/** `customer_updated_at` of customers is `updated_at`. */
export function attributeOf(kind: Kind, name: string): string {
  const attribute = name.startsWith(`${kind.context}_`) ? name.slice(kind.context!.length + 1) : "";
  if (!["updated_at", "created_at", "id", "deleted"].includes(attribute))
    throw new Refused(400, `unknown attribute ${name}`);
  return attribute;
}

/** The bounds of `updatedAt` that a search asks for, `null` where there is none. */
export function boundsOf(ask: Ask): { from: number | null; to: number | null } {
  let from: number | null = null;
  let to: number | null = null;
  for (const criterion of ask.and) {
    for (const [name, test] of Object.entries(criterion)) {
      if (!name.endsWith("_updated_at")) continue;
      const low = test.gte ?? test.gt;
      const high = test.lt ?? test.lte;
      if (low !== undefined) from = Date.parse(String(low));
      if (high !== undefined) to = Date.parse(String(high));
    }
  }
  return { from, to };
}

/** The same question with its bounds of time moved, or with operators exchanged. */
export function misread(ask: Ask, how: (operator: string, value: unknown) => [string, unknown] | null): Ask {
  const and = ask.and.map((criterion) =>
    Object.fromEntries(
      Object.entries(criterion).map(([name, test]) => [
        name,
        Object.fromEntries(
          Object.entries(test).flatMap(([operator, value]) => {
            const heard = how(operator, value);
            return heard === null ? [] : [heard];
          }),
        ),
      ]),
    ),
  );
  return { ...ask, and };
}

/** A question in one line, for the log. */
export function inWords(ask: Ask): string {
  if (ask.by === "token") return "token";
  const what = `${ask.by} ${ask.kind?.name ?? "?"}${ask.variant === "" ? "" : ` ${ask.variant}=true`}`;
  if (ask.by === "one") return `${what} ${ask.id}`;
  const short = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const criteria = (name: string, list: readonly Criterion[]) =>
    list.map((criterion) => {
      const [attribute, test] = Object.entries(criterion)[0] ?? ["", {}];
      const tests = Object.entries(test).map(([operator, value]) => `${operator} ${short(value)}`);
      return ` ${name}${attribute.replace(/^.*?_(?=updated|created|id|deleted)/, "")} ${tests.join(" ")}`;
    });
  const sort = ask.sort.map(({ by, down }) => ` by ${by}${down ? " down" : ""}`).join();
  const flags = `${ask.idsOnly ? " ids" : ""}${ask.includeDeleted ? "" : " live"}`;
  const rest = [...criteria("", ask.and), ...criteria("or ", ask.or), ...criteria("not ", ask.not)].join("");
  return `${what}${rest}${sort} page ${ask.page}x${ask.pageSize}${flags}`;
}
