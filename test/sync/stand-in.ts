/**
 * A second API to hold the engine against, small and contrary: it answers as Kustomer's documents say, but
 * with the quirks that a test asks for, and it can change its rows between any two requests.
 */
export type StandInRow = {
  id: string;
  updatedAt: string;
  createdAt: string;
  rev: number;
  deleted?: boolean;
  /** When the search index believes that it changed, where that is behind. */
  indexedAt?: string;
};

export type Asked = {
  readonly kind: "search" | "list" | "token";
  readonly path: string;
  /** Of a search. */
  readonly context: string;
  readonly archive: boolean;
  readonly page: number;
  readonly from: string;
  readonly to: string | null;
  readonly sort: "updatedAt" | "createdAt";
};

export type Quirks = {
  /** Rows come in no order. */
  unsorted?: boolean;
  /** Pages whose rows would lie beyond this many are refused with a 400. */
  capRows?: number;
  /** Largest page; more is clamped silently. */
  maxPageSize?: number;
  /** What `meta.pageSize` says is what was asked for, whatever was given. */
  claimsPageSize?: boolean;
  /** Every n-th search says `timed_out` and holds half of its rows. */
  timedOutEvery?: number;
  /** Every n-th search misses a row of its page, without a word. */
  shortEvery?: number;
  /** `meta` has no total. */
  noTotal?: boolean;
  /** `meta.total` counts no further. */
  countsTo?: number;
  /** Attributes whose bounds are ignored. */
  ignores?: "updated_at" | "created_at";
  /** Queries that lists take no notice of. */
  ignoresQuery?: ("deleted" | "pending")[];
  /** The archive is refused with this status. */
  archiveStatus?: number;
  /** No role for these contexts and paths. */
  denied?: string[];
  deniedStatus?: 401 | 403;
  /** The key is no good any more. */
  revoked?: boolean;
  /** Called before every search; may change `rows`. */
  beforeSearch?: (count: number, asked: Asked) => void;
  /** Called before every page of a list; may change `rows`. */
  beforeList?: (count: number, asked: Asked) => void;
  /** Answers in its place, where it returns something. */
  instead?: (asked: Asked, url: URL) => Response | undefined;
};

export type StandIn = {
  readonly url: string;
  /** By query context, or by the path of a list, followed by `?deleted` or `?pending`. */
  readonly rows: Map<string, StandInRow[]>;
  readonly asked: Asked[];
  /** How often each row of a search was given. */
  readonly given: Map<string, number>;
  quirks: Quirks;
  stop(): void;
};

type Criterion = Record<string, Record<string, string>>;
type Query = { queryContext: string; and: Criterion[]; sort: Record<string, string>[] };

const TWO_YEARS_MS = 2 * 365.25 * 86_400_000;

export function startStandIn(quirks: Quirks = {}): StandIn {
  const rows = new Map<string, StandInRow[]>();
  const asked: Asked[] = [];
  const given = new Map<string, number>();
  const standIn: Omit<StandIn, "url" | "stop"> = { rows, asked, given, quirks };
  let searches = 0;
  let lists = 0;

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const kind = url.pathname.endsWith("/search")
      ? "search"
      : url.pathname === "/v1/auth/tokens/current"
        ? "token"
        : "list";
    const query = kind === "search" ? ((await request.json()) as Query) : null;
    const bound = (attribute: string, operator: string): string | null =>
      query?.and.flatMap(
        (criterion) => criterion[`${query.queryContext}_${attribute}`]?.[operator] ?? [],
      )[0] ?? null;
    const context = query?.queryContext ?? "";
    const ask: Asked = {
      kind,
      path: url.pathname,
      context,
      archive: url.pathname.includes("/archive/"),
      page: Number(url.searchParams.get("page") ?? 1),
      from: bound("updated_at", "gte") ?? "",
      to: bound("updated_at", "lt"),
      sort: query !== null && `${context}_created_at` in (query.sort[0] ?? {}) ? "createdAt" : "updatedAt",
    };
    asked.push(ask);
    const { quirks } = standIn;
    if (quirks.revoked) return failure(401, "the token was revoked");
    const other = quirks.instead?.(ask, url);
    if (other !== undefined) return other;
    if (kind === "token")
      return Response.json({ data: { id: "t", type: "token", attributes: { roles: [] } } });
    if (quirks.denied?.includes(context || url.pathname)) {
      return failure(quirks.deniedStatus ?? 403, "Missing role");
    }
    return kind === "search" ? search(ask, url, bound) : list(ask, url);
  }

  function search(
    ask: Asked,
    url: URL,
    bound: (attribute: string, operator: string) => string | null,
  ): Response {
    const { quirks } = standIn;
    const { context, archive, page } = ask;
    if (archive && quirks.archiveStatus) return failure(quirks.archiveStatus, "the archive is not for you");
    searches += 1;
    quirks.beforeSearch?.(searches, ask);
    const askedSize = Number(url.searchParams.get("pageSize"));
    const pageSize = Math.min(askedSize, quirks.maxPageSize ?? 500);
    const border = new Date(Date.now() - TWO_YEARS_MS).toISOString();
    const within = (value: string, attribute: string) =>
      quirks.ignores === attribute ||
      (value >= (bound(attribute, "gte") ?? "") && value < (bound(attribute, "lt") ?? "~"));
    const indexed = (row: StandInRow) => row.indexedAt ?? row.updatedAt;
    const matching = (rows.get(context) ?? []).filter(
      (row) =>
        within(indexed(row), "updated_at") &&
        within(row.createdAt, "created_at") &&
        (archive ? indexed(row) < border : indexed(row) >= border),
    );
    const order = (row: StandInRow) =>
      quirks.unsorted ? hash(row.id) : ask.sort === "createdAt" ? row.createdAt : indexed(row);
    matching.sort((a, b) => compare(order(a), order(b)) || compare(hash(a.id), hash(b.id)));
    if (page > 100 || page * pageSize > (quirks.capRows ?? Infinity)) return failure(400, "beyond the cap");
    let data = matching.slice((page - 1) * pageSize, page * pageSize);
    const every = (n: number | undefined) => n !== undefined && searches % n === 0;
    const timedOut = every(quirks.timedOutEvery);
    if (timedOut) data = data.slice(0, Math.floor(data.length / 2));
    if (every(quirks.shortEvery)) data = data.filter((_, i) => i !== Math.floor(data.length / 2));
    // A few rows may be in order by chance, which is no lack of it that anybody could notice.
    const keys = data.map((row) => (ask.sort === "createdAt" ? row.createdAt : indexed(row)));
    if (quirks.unsorted && keys.every((key, i) => i === 0 || key >= keys[i - 1]!)) data.reverse();
    for (const { id } of data) given.set(id, (given.get(id) ?? 0) + 1);
    const total = Math.min(matching.length, quirks.countsTo ?? Infinity);
    return Response.json({
      meta: {
        page,
        pageSize: quirks.claimsPageSize ? askedSize : pageSize,
        ...(quirks.noTotal ? {} : { total }),
        timed_out: timedOut,
      },
      links: { next: `${url.pathname}?page=${page + 1}&pageSize=${askedSize}` },
      data: data.map((row) => resource(context, row)),
    });
  }

  function list({ path, page }: Asked, url: URL): Response {
    lists += 1;
    standIn.quirks.beforeList?.(lists, asked.at(-1)!);
    const { ignoresQuery = [] } = standIn.quirks;
    const variant = (["deleted", "pending"] as const).find(
      (name) => url.searchParams.has(name) && !ignoresQuery.includes(name),
    );
    const filtered = variant === undefined ? path : `${path}?${variant}`;
    const size = Math.min(Number(url.searchParams.get("pageSize") ?? 100), standIn.quirks.maxPageSize ?? 100);
    const all = rows.get(filtered) ?? [];
    const type = path.slice(path.lastIndexOf("/") + 1).replace(/s$/, "");
    const data = all.slice((page - 1) * size, page * size).map((row) => resource(type, row));
    url.searchParams.set("page", String(page + 1));
    const next = page * size < all.length ? url.pathname + url.search : null;
    return Response.json({ meta: { page, pageSize: size }, data, links: { next } });
  }

  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${server.port}`,
    stop: () => void server.stop(true),
  });
}

function resource(type: string, { id, indexedAt: _, ...attributes }: StandInRow) {
  return { type, id, attributes, links: { self: `/v1/${type}s/${id}` } };
}

export function failure(status: number, message: string): Response {
  return Response.json({ errors: [{ code: "bad", message }] }, { status });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An order that has nothing to do with time. */
export function hash(id: string): string {
  return Bun.hash(id).toString(16).padStart(16, "0");
}

/** Rows at these instants, with ids of their own. */
export function rowsAt(context: string, times: readonly number[]): StandInRow[] {
  return times.map((ms, i) => ({
    id: `${context}-${String(i).padStart(6, "0")}`,
    updatedAt: new Date(ms).toISOString(),
    createdAt: new Date(ms - 60_000 - i * 1_000).toISOString(),
    rev: 1,
  }));
}

/** So many rows, one a step, from 30 days ago. */
export function recently(count: number, stepMs = 60_000): number[] {
  return Array.from({ length: count }, (_, i) => Date.now() - 30 * 86_400_000 + i * stepMs);
}
