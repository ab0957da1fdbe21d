import { describe, expect, test } from "bun:test";
import { startOfDay, twoYearsBefore } from "../../src/sandbox/dataset.ts";
import { bulkInstant } from "../../src/sandbox/dataset-marks.ts";
import {
  CONTEXTS,
  errorOf,
  type Row,
  search,
  searchAll,
  searchArchive,
  serve,
  standingClock,
  timeOf,
} from "./ask.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 30);
const clock = standingClock(NOW);
const sandbox = await serve({ rows: 6_000, seed: 4, now: clock.now });
const TIED = new Date(bulkInstant(startOfDay(NOW))).toISOString();
const iso = (ms: number) => new Date(ms).toISOString();
const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);

const all = await searchAll(sandbox, { queryContext: "message", sort: [{ message_updated_at: "asc" }] });

describe("criteria", () => {
  const middle = iso(timeOf(all[200]!, "updatedAt"));
  const find = async (criteria: object) =>
    new Set(ids(await searchAll(sandbox, { queryContext: "message", ...criteria })));
  const expected = (keep: (row: Row) => boolean) => new Set(ids(all.filter(keep)));
  const updated = (row: Row) => row.attributes.updatedAt as string;

  test.each<[string, string, (at: string) => boolean]>([
    ["gte", middle, (at) => at >= middle],
    ["gt", middle, (at) => at > middle],
    ["lt", middle, (at) => at < middle],
    ["lte", middle, (at) => at <= middle],
    ["equals", middle, (at) => at === middle],
    ["equals", TIED, (at) => at === TIED],
  ])("%s %s finds those and no others", async (operator, value, keep) => {
    const rows = expected((row) => keep(updated(row)));
    expect(rows.size).toBeGreaterThan(0);
    expect(await find({ and: [{ message_updated_at: { [operator]: value } }] })).toEqual(rows);
  });

  test("bounds on other times are honoured too", async () => {
    const rows = expected(
      (row) => updated(row) === TIED && (row.attributes.createdAt as string) < "2026-03-01",
    );
    expect(rows.size).toBeGreaterThan(10);
    const and = [{ message_updated_at: { equals: TIED } }, { message_created_at: { lt: "2026-03-01" } }];
    expect(await find({ and })).toEqual(rows);
  });

  test("or finds what either finds, not leaves out", async () => {
    const is = (channel: string) => ({ message_channel: { equals: channel } });
    expect(await find({ or: [is("sms"), is("voice")] })).toEqual(
      expected(({ attributes }) => attributes.channel === "sms" || attributes.channel === "voice"),
    );
    expect(await find({ not: [is("email"), is("chat")] })).toEqual(
      expected(({ attributes }) => attributes.channel !== "email" && attributes.channel !== "chat"),
    );
  });

  test("contains means whole words, in any case", async () => {
    const rows = await find({ and: [{ message_preview: { contains: "REFUND" } }] });
    expect(rows.size).toBeGreaterThan(0);
    expect(rows).toEqual(
      expected(({ attributes }) =>
        /(?<![\p{L}\p{N}])refund(?![\p{L}\p{N}])/iu.test(String(attributes.preview)),
      ),
    );
    expect(await find({ and: [{ message_preview: { contains: "refun" } }] })).toEqual(new Set());
  });

  test("ids, relations, custom attributes and numbers can be compared", async () => {
    const [first, second] = all as [Row, Row];
    expect(await find({ and: [{ message_id: { in: [first.id, second.id] } }] })).toEqual(
      new Set([first.id, second.id]),
    );
    const customer = (first.relationships.customer as { data: { id: string } }).data.id;
    expect(await find({ and: [{ message_customer_id: { equals: customer } }] })).toContain(first.id);
    const vips = await searchAll(sandbox, {
      queryContext: "customer",
      and: [
        { customer_custom_vip_bool: { equals: true } },
        { customer_custom_total_spent_num: { gte: 300 } },
      ],
    });
    expect(vips.length).toBeGreaterThan(0);
    for (const { attributes } of vips)
      expect((attributes.custom as Record<string, number>).totalSpentNum).toBeGreaterThanOrEqual(300);
  });

  test("a day begins at midnight GMT, or in the zone that is asked for", async () => {
    const days = [
      "2026-06-30",
      "2026-07-01",
      "2026-11-09",
      "2026-11-10",
      "2026-11-11",
      "2026-11-12",
      "2026-11-13",
    ];
    const from = async (day: string, zone: object) => {
      const body = { queryContext: "message", ...zone, and: [{ message_updated_at: { gte: day } }] };
      return (await search(sandbox, body)).page.meta.total as number;
    };
    const since = (text: string) => all.filter((row) => updated(row) >= iso(Date.parse(text))).length;
    const summer = (day: string) => day < "2026-11-01";
    const counts = { gmt: [] as number[], east: [] as number[], west: [] as number[] };
    for (const day of days) {
      counts.gmt.push(await from(day, {}));
      counts.west.push(await from(day, { timeZone: "America/New_York" }));
      counts.east.push(await from(day, { timeZone: "Asia/Kolkata" }));
    }
    expect(counts.gmt).toEqual(days.map((day) => since(`${day}T00:00:00Z`)));
    expect(counts.west).toEqual(
      days.map((day) => since(`${day}T00:00:00${summer(day) ? "-04:00" : "-05:00"}`)),
    );
    expect(counts.east).toEqual(days.map((day) => since(`${day}T00:00:00+05:30`)));
    expect(counts.west).not.toEqual(counts.gmt);
  });

  test("a klass context finds that klass only", async () => {
    const rows = await searchAll(sandbox, {
      queryContext: "kobject_return",
      sort: [{ kobject_updated_at: "asc" }],
      and: [{ kobject_return_updated_at: { gte: "2025-01-01" } }],
    });
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ type }) => type))).toEqual(new Set(["kobject.return"]));
  });
});

describe("order", () => {
  test.each(Object.values(CONTEXTS))(
    "%s rows come by updated_at or created_at, up or down",
    async (context) => {
      for (const [attribute, name] of [
        ["updated_at", "updatedAt"],
        ["created_at", "createdAt"],
      ] as const) {
        for (const direction of ["asc", "desc"]) {
          const { page } = await search(
            sandbox,
            { queryContext: context, sort: [{ [`${context}_${attribute}`]: direction }] },
            "pageSize=500",
          );
          const times = page.data.map((row) => timeOf(row, name));
          expect(times.length).toBeGreaterThan(100);
          expect(times).toEqual([...times].sort((a, b) => (direction === "asc" ? a - b : b - a)));
        }
      }
    },
  );

  test("without a sort is not that of time", async () => {
    const { page } = await search(sandbox, { queryContext: "message" }, "pageSize=500");
    const times = page.data.map((row) => timeOf(row, "updatedAt"));
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
  });

  test("of ties is not by id, and the same every time", async () => {
    const body = {
      queryContext: "message",
      and: [{ message_updated_at: { equals: TIED } }],
      sort: [{ message_updated_at: "asc" }],
    };
    const once = ids(await searchAll(sandbox, body));
    expect(once).toHaveLength(1_200);
    expect(new Set(once).size).toBe(1_200);
    expect(once).not.toEqual([...once].sort());
    expect(ids(await searchAll(sandbox, body))).toEqual(once);
  });

  test("is anything where the server does not honour sort", async () => {
    const other = await serve({ rows: 1_000, quirks: { unsorted: ["message"] } });
    const { page } = await search(
      other,
      { queryContext: "message", sort: [{ message_updated_at: "asc" }] },
      "pageSize=500",
    );
    const times = page.data.map((row) => timeOf(row, "updatedAt"));
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
  });
});

describe("pages", () => {
  const body = { queryContext: "message", sort: [{ message_updated_at: "asc" }] };

  test("have the recorded meta and links", async () => {
    const { page, headers } = await search(sandbox, body, "page=2&pageSize=10");
    const total = page.meta.total as number;
    const last = Math.ceil(total / 10);
    expect(page.meta).toEqual({
      pageSize: 10,
      page: 2,
      total,
      totalPages: last,
      aggregations: {},
      timed_out: false,
    });
    const link = (number: number) => `/v1/customers/search?page=${number}&pageSize=10`;
    expect(page.links).toEqual({
      self: link(2),
      first: link(1),
      prev: link(1),
      next: link(3),
      last: link(last),
    });
    expect(headers.get("content-type")).toStartWith("application/json");
    expect(Date.parse(headers.get("date")!)).toBe(Math.floor(NOW / 1000) * 1000);
  });

  test("are 100 rows when not said, and never more than 500", async () => {
    expect((await search(sandbox, body)).page.data).toHaveLength(100);
    const { page } = await search(sandbox, body, "pageSize=1000");
    expect(page.data).toHaveLength(500);
    expect(page.meta.pageSize).toBe(500);
  });

  test("end at the hundredth, to which next goes on pointing past", async () => {
    const { page } = await search(sandbox, body, "page=100&pageSize=5");
    expect(page.data).toHaveLength(5);
    expect(page.links.next).toBe("/v1/customers/search?page=101&pageSize=5");
    expect(page.meta.total).toBeGreaterThan(500);
    const past = await search(sandbox, body, "page=101&pageSize=5");
    expect(past.status).toBe(400);
    expect(errorOf(past.page).title).toContain("100");
  });

  test("end at a number of rows where the server says so", async () => {
    const other = await serve({ rows: 1_000, quirks: { maxRows: 200 } });
    expect((await search(other, body, "page=2&pageSize=100")).status).toBe(200);
    expect((await search(other, body, "page=3&pageSize=100")).status).toBe(400);
  });

  test("of nothing look like the empty sample", async () => {
    const { page } = await search(sandbox, { ...body, and: [{ message_updated_at: { lt: "2020-01-01" } }] });
    const link = "/v1/customers/search?page=1&pageSize=100";
    expect(page).toEqual({
      meta: { pageSize: 100, page: 1, total: 0, totalPages: 0, aggregations: {}, timed_out: false },
      links: { self: link, first: link, prev: null, next: null, last: link },
      data: [],
    });
  });

  test("hold ids only when asked", async () => {
    const whole = await search(sandbox, body, "pageSize=7");
    const { page } = await search(sandbox, body, "pageSize=7&idsOnly=true");
    expect(page.data).toEqual(whole.page.data.map(({ type, id }) => ({ type, id })) as unknown as Row[]);
  });
});

describe("the border of two years", () => {
  const border = twoYearsBefore(NOW);

  test.each(["conversation", "customer", "message", "kobject"])(
    "%s rows are on one side or the other",
    async (context) => {
      const body = {
        queryContext: context,
        includeDeleted: true,
        sort: [{ [`${context}_updated_at`]: "asc" }],
      };
      const recent = await searchAll(sandbox, body);
      const old = await searchAll(sandbox, body, true);
      expect(recent.every((row) => timeOf(row, "updatedAt") >= border)).toBe(true);
      expect(old.every((row) => timeOf(row, "updatedAt") < border)).toBe(true);
      expect(old.length).toBeGreaterThan(20);
      const stream = Object.entries(CONTEXTS).find(([, name]) => name === context)![0];
      const truth = [...sandbox.truth(stream)].map(({ id }) => id).sort();
      expect([...ids(recent), ...ids(old)].sort()).toEqual(truth);
    },
  );

  test("moves on with the server's clock", async () => {
    const other = standingClock(NOW);
    const moving = await serve({ rows: 3_000, now: other.now });
    const count = async () => {
      const body = { queryContext: "message", includeDeleted: true };
      return [
        (await search(moving, body)).page.meta.total,
        (await searchArchive(moving, body)).page.meta.total,
      ] as number[];
    };
    const [before, beforeOld] = (await count()) as [number, number];
    other.move(3 * 86_400_000);
    const [after, afterOld] = (await count()) as [number, number];
    expect(after).toBeLessThan(before);
    expect(after + afterOld).toBe(before + beforeOld);
  });

  test.each<[string, object, string]>([
    ["notes", { queryContext: "note" }, "Unknown queryContext note"],
    ["fields", { queryContext: "customer", fields: [] }, "Unknown property fields"],
    ["aggregations", { queryContext: "customer", aggs: {} }, "Unknown property aggs"],
    [
      "times of modification",
      { queryContext: "customer", and: [{ customer_modified_at: { gte: "2020-01-01" } }] },
      "Unknown attribute",
    ],
  ])("the archive knows no %s", async (_, body, said) => {
    const { status, page } = await searchArchive(sandbox, body);
    expect(status).toBe(400);
    expect(errorOf(page).title).toContain(said);
  });

  test("the archive sorts by message_id and links to itself", async () => {
    const { page } = await searchArchive(
      sandbox,
      { queryContext: "message", sort: [{ message_id: "asc" }] },
      "pageSize=50",
    );
    expect(ids(page.data)).toEqual(ids(page.data).sort());
    expect(page.links.next).toBe("/v1/customers/archive/search?page=2&pageSize=50");
  });
});

describe("deleted rows", () => {
  test.each(Object.entries(CONTEXTS))("of %s are found only when asked for", async (stream, context) => {
    const border = iso(twoYearsBefore(NOW));
    const gone = [...sandbox.truth(stream)]
      .filter((row) => row.deleted && row.updatedAt! >= border)
      .map(({ id }) => id);
    expect(gone.length).toBeGreaterThan(0);
    const live = new Set(ids(await searchAll(sandbox, { queryContext: context })));
    expect(gone.filter((id) => live.has(id))).toEqual([]);
    const all = await searchAll(sandbox, { queryContext: context, includeDeleted: true });
    const found = all.filter(({ attributes }) => attributes.deleted === true).map(({ id }) => id);
    expect(found.sort()).toEqual(gone.sort());
    expect(all).toHaveLength(live.size + gone.length);
  });

  test("of notes can be asked for by note_deleted", async () => {
    const rows = await searchAll(sandbox, {
      queryContext: "note",
      includeDeleted: true,
      and: [{ note_deleted: { equals: true } }],
    });
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ attributes }) => attributes.deleted === true)).toBe(true);
  });
});

test("a change is found only after the index has caught up, where it lags", async () => {
  const time = standingClock(NOW);
  const lagging = await serve({ rows: 1_000, now: time.now, quirks: { indexLagMs: 5_000 } });
  const total = async () =>
    (await search(lagging, { queryContext: "message", includeDeleted: true })).page.meta.total as number;
  const before = await total();
  const { created, updated, deleted } = lagging.change(60).messages;
  expect(created).toBeGreaterThan(0);
  time.move(4_000);
  expect(await total()).toBeLessThan(before);
  time.move(2_000);
  expect(await total()).toBeWithin(before + created, before + created + updated + deleted + 1);
});
