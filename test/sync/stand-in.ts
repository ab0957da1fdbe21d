/**
 * A second API to hold the engine against, small and contrary: it answers as Kustomer's documents say, but
 * with the quirks that a test asks for, and it can change its rows between any two requests.
 */
export type StandInRow = { id: string; updatedAt: string; createdAt: string; rev: number; deleted?: boolean };

export type Quirks = {
  /** Rows come in no order. */
  unsorted?: boolean;
  /** Pages whose rows would lie beyond this many are refused with a 400. */
  capRows?: number;
  /** Largest page; more is clamped silently. */
  maxPageSize?: number;
  /** Every n-th search says `timed_out` and holds half of its rows. */
  timedOutEvery?: number;
  /** Every n-th search misses a row of its page, without a word. */
  shortEvery?: number;
  /** `meta` has no total. */
  noTotal?: boolean;
  /** The archive is refused with this status. */
  archiveStatus?: number;
  /** No role for this context: 403. */
  denied?: string;
  /** Called before every search; may change `rows`. */
  beforeSearch?: (count: number) => void;
};

export type StandIn = {
  readonly url: string;
  readonly rows: Map<string, StandInRow[]>;
  /** Every search asked: context, archive, page, and bounds. */
  readonly asked: { context: string; archive: boolean; page: number; from: string; to: string | null }[];
  readonly quirks: Quirks;
  stop(): void;
};

type Criterion = Record<string, Record<string, string>>;

const TWO_YEARS_MS = 2 * 365.25 * 86_400_000;

export function startStandIn(quirks: Quirks = {}): StandIn {
  const rows = new Map<string, StandInRow[]>();
  const asked: StandIn["asked"] = [];
  let searches = 0;

  function search(
    url: URL,
    body: { queryContext: string; and: Criterion[]; sort: Record<string, string>[] },
  ): Response {
    const context = body.queryContext;
    const archive = url.pathname.includes("/archive/");
    if (quirks.denied === context) return failure(403, `Missing role org.permission.${context}.read`);
    if (archive && quirks.archiveStatus) return failure(quirks.archiveStatus, "the archive is not for you");
    searches += 1;
    quirks.beforeSearch?.(searches);
    const page = Number(url.searchParams.get("page"));
    const pageSize = Math.min(Number(url.searchParams.get("pageSize")), quirks.maxPageSize ?? 500);
    const bound = (attribute: string, operator: string): string | null => {
      const name = `${context}_${attribute}`;
      return (
        body.and.find((criterion) => criterion[name]?.[operator] !== undefined)?.[name]?.[operator] ?? null
      );
    };
    asked.push({ context, archive, page, from: bound("updated_at", "gte")!, to: bound("updated_at", "lt") });
    const border = new Date(Date.now() - TWO_YEARS_MS).toISOString();
    const within = (value: string, attribute: string) =>
      value >= (bound(attribute, "gte") ?? "") && value < (bound(attribute, "lt") ?? "~");
    const matching = (rows.get(context) ?? []).filter(
      (row) =>
        within(row.updatedAt, "updated_at") &&
        within(row.createdAt, "created_at") &&
        (archive ? row.updatedAt < border : row.updatedAt >= border),
    );
    const sortBy = `${context}_created_at` in (body.sort[0] ?? {}) ? "createdAt" : "updatedAt";
    const order = (row: StandInRow) => (quirks.unsorted ? hash(row.id) : row[sortBy]);
    matching.sort((a, b) =>
      order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : hash(a.id) < hash(b.id) ? -1 : 1,
    );
    if (quirks.capRows !== undefined && page * pageSize > quirks.capRows)
      return failure(400, "beyond the cap");
    let given = matching.slice((page - 1) * pageSize, page * pageSize);
    const every = (n: number | undefined) => n !== undefined && searches % n === 0;
    const timedOut = every(quirks.timedOutEvery);
    if (timedOut) given = given.slice(0, Math.floor(given.length / 2));
    if (every(quirks.shortEvery)) given = given.filter((_, i) => i !== Math.floor(given.length / 2));
    return Response.json({
      meta: { page, pageSize, ...(quirks.noTotal ? {} : { total: matching.length }), timed_out: timedOut },
      links: { next: `/v1/customers/search?page=${page + 1}` },
      data: given.map((row) => resource(context, row)),
    });
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      if (url.pathname.endsWith("/search"))
        return search(url, (await request.json()) as Parameters<typeof search>[1]);
      if (url.pathname === "/v1/auth/tokens/current") {
        return Response.json({
          data: { id: "t", type: "token", attributes: { name: "stand-in", roles: [] } },
        });
      }
      const page = Number(url.searchParams.get("page") ?? 1);
      const size = Number(url.searchParams.get("pageSize") ?? 100);
      const all = rows.get(url.pathname) ?? [];
      const data = all.slice((page - 1) * size, page * size).map((row) => resource("row", row));
      const more = page * size < all.length;
      url.searchParams.set("page", String(page + 1));
      return Response.json({
        meta: { page, pageSize: size },
        data,
        links: { next: more ? url.pathname + url.search : null },
      });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, rows, asked, quirks, stop: () => void server.stop(true) };
}

function resource(type: string, { id, ...attributes }: StandInRow) {
  return { type, id, attributes, links: { self: `/v1/${type}s/${id}` } };
}

function failure(status: number, message: string): Response {
  return Response.json({ errors: [{ code: "bad", message }] }, { status });
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
