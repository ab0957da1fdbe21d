/** The engine against an API that is contrary in one way at a time: everything is read, or said not to be. */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab } from "./harness.ts";
import { hash, type Quirks, recently, rowsAt, type StandInRow } from "./stand-in.ts";

const DAY = 86_400_000;
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

function setUp(quirks: Quirks = {}): Lab {
  const lab = createLab(quirks);
  labs.push(lab);
  return lab;
}

/** 1,700 rows: recent ones, old ones, some on both sides of the two-year border, and a small tie. */
function account(): StandInRow[] {
  const old = Array.from({ length: 400 }, (_, i) => Date.now() - 900 * DAY + i * 3_600_000);
  const border = Array.from({ length: 60 }, (_, i) => Date.now() - 731 * DAY + i * 3_600_000);
  const tie = Array<number>(40).fill(Date.now() - 3 * DAY);
  return rowsAt("customer", [...recently(1_200), ...old, ...border, ...tie]);
}

describe("an API that", () => {
  const quirks: [string, Quirks, number][] = [
    ["does not sort", { unsorted: true }, 60],
    ["has small pages", { maxPageSize: 100 }, 40],
    ["has tiny pages", { maxPageSize: 7 }, 330],
    ["has small pages and does not say so", { maxPageSize: 100, claimsPageSize: true }, 50],
    ["has tiny pages and does not say so", { maxPageSize: 7, claimsPageSize: true }, 340],
    [
      "has small pages and neither says so nor counts",
      { maxPageSize: 100, claimsPageSize: true, noTotal: true },
      60,
    ],
    ["times out now and then", { timedOutEvery: 3 }, 20],
    ["leaves a row out now and then", { shortEvery: 4 }, 20],
    ["does not count", { noTotal: true }, 30],
    ["counts no further than 600", { countsTo: 600 }, 20],
    ["does not sort and times out", { unsorted: true, timedOutEvery: 5, maxPageSize: 50 }, 240],
    ["does not sort and does not count", { unsorted: true, noTotal: true, maxPageSize: 50 }, 500],
  ];
  for (const [name, quirk, most] of quirks) {
    test(`${name} is read whole, within ${most} requests`, async () => {
      const { api, sync, held, truth } = setUp(quirk);
      api.rows.set("customer", account());
      const { streams } = await sync(["customers"], { most });
      expect(streams.map(({ status, error }) => [status, error])).toEqual([["done", null]]);
      expect(held("customers")).toEqual(truth("customer"));
    });
  }

  test("ignores the bounds is told so, and not asked for ever", async () => {
    const { api, sync } = setUp({ ignores: "updated_at", maxPageSize: 100 });
    api.rows.set("customer", account());
    const { streams, exitCode } = await sync(["customers"], { most: 100 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "api" } });
    expect(streams[0]!.error!.hint).toContain("updatedAt");
    expect(exitCode).toBe(4);
  });

  test("counts a row that it never gives is called incomplete, when all others were read", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 50 });
    api.rows.set("customer", account());
    const [ghost] = api.rows.get("customer")!.splice(500, 1);
    const rows = truth("customer");
    api.quirks.instead = ({ kind, archive, from, to }) => {
      // The search knows of it and cannot give it: its page is one row short, each time.
      if (kind !== "search" || archive) return undefined;
      const within = from <= ghost!.updatedAt && (to === null || ghost!.updatedAt < to);
      if (!within) return undefined;
      const found = api.rows
        .get("customer")!
        .filter(({ updatedAt }) => updatedAt >= from && (to === null || updatedAt < to))
        .sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1));
      const place = found.findIndex(({ updatedAt }) => updatedAt >= ghost!.updatedAt);
      const given = found.slice(0, place < 50 && place >= 0 ? 49 : 50);
      return Response.json({
        meta: { pageSize: 50, total: found.length + 1, timed_out: false },
        links: { next: null },
        data: given.map(({ id, ...attributes }) => ({ type: "customer", id, attributes })),
      });
    };
    const { streams, exitCode } = await sync(["customers"], { most: 400 });
    expect(streams[0]).toMatchObject({ status: "failed", error: { code: "incomplete" } });
    expect(exitCode).toBe(6);
    expect(held("customers")).toEqual(rows);
  });

  test("changes rows before every search leaves the file equal after a quiet sync", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 50 });
    api.rows.set("customer", account());
    api.quirks.beforeSearch = (count) => {
      const rows = api.rows.get("customer")!;
      for (let i = 0; i < 3; i += 1) {
        const row = rows[Number.parseInt(hash(`${count}-${i}`).slice(0, 8), 16) % rows.length]!;
        row.updatedAt = new Date().toISOString();
        row.rev += 1;
      }
    };
    await sync(["customers"], { most: 200 });
    delete api.quirks.beforeSearch;
    await sync(["customers"], { most: 50 });
    expect(held("customers")).toEqual(truth("customer"));
  });

  test("gives rows newer than its index knows them hides none of those behind them", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 50 });
    api.rows.set("customer", account());
    const begun = Date.now();
    api.quirks.beforeSearch = (count, { archive, from, to }) => {
      if (archive) return;
      // The last row of the very page that is asked for has just changed; the index has not heard of it.
      const found = api.rows.get("customer")!.filter((row) => {
        const indexed = row.indexedAt ?? row.updatedAt;
        return indexed >= from && (to === null || indexed < to);
      });
      found.sort((a, b) => ((a.indexedAt ?? a.updatedAt) < (b.indexedAt ?? b.updatedAt) ? -1 : 1));
      const last = found[Math.min(49, found.length - 1)];
      if (last === undefined || last.indexedAt !== undefined) return;
      last.indexedAt = last.updatedAt;
      last.updatedAt = new Date(begun + 70_000 + count).toISOString();
    };
    await sync(["customers"], { most: 200 });
    delete api.quirks.beforeSearch;
    for (const row of api.rows.get("customer")!) delete row.indexedAt;
    await sync(["customers"], { most: 200 });
    expect(held("customers")).toEqual(truth("customer"));
  });

  test("shows rows late, within the look-back, has them read by the next run", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 50 });
    const rows = account();
    const late = rowsAt("late", [Date.now() - 1_000, Date.now() - 400_000, Date.now() - 800_000]);
    api.rows.set("customer", rows);
    const lookbackMs = 900_000;
    await sync(["customers"], { lookbackMs });
    rows.push(...late);
    await sync(["customers"], { lookbackMs });
    expect(held("customers")).toEqual(truth("customer"));
  });

  test("has rows of 1900 and of 2999 gives them too, and again only what it must", async () => {
    const { api, sync, held, truth } = setUp();
    const times = [Date.UTC(1900, 0, 1), ...recently(5), Date.UTC(2999, 0, 1), Date.UTC(9999, 11, 31)];
    api.rows.set("customer", rowsAt("customer", times));
    await sync(["customers"]);
    expect(held("customers")).toEqual(truth("customer"));
    const { streams, requests } = await sync(["customers"]);
    expect([streams[0]?.written, requests]).toEqual([0, 1]);
  });

  test("has very many rows of 2999, in no order, is not searched day by day", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 5, unsorted: true });
    const future = Array.from({ length: 40 }, (_, i) => Date.UTC(2999, 0, 1) + i * 7_000_000);
    api.rows.set("customer", rowsAt("customer", [...recently(20), ...future]));
    await sync(["customers"], { most: 400 });
    expect(held("customers")).toEqual(truth("customer"));
  });
});

describe("the archive", () => {
  const withOld = (): Lab => {
    const lab = setUp();
    const old = rowsAt("old", [Date.now() - 1_000 * DAY, Date.now() - 5_000 * DAY]);
    lab.api.rows.set("customer", [...rowsAt("customer", recently(20)), ...old]);
    return lab;
  };

  const refusals: [number, number?][] = [[400], [403], [404], [401]];
  test.each(refusals)(
    "refused with %d: the rest is read, called partial, and asked for again",
    async (status) => {
      const { api, sync, held, truth } = withOld();
      api.quirks.archiveStatus = status;
      for (let run = 0; run < 2; run += 1) {
        const { streams, exitCode } = await sync(["customers"], { most: 3 });
        expect(streams[0]).toMatchObject({
          status: "partial",
          error: { message: expect.stringMatching(/two years.*archive is not for you/) },
        });
        expect(exitCode).toBe(6);
      }
      expect(held("customers")).toEqual(truth("customer").filter((row) => !row.startsWith("old")));
      expect((await sync(["customers"], { start: Date.now() - 100 * DAY })).exitCode).toBe(0);
      delete api.quirks.archiveStatus;
      expect((await sync(["customers"])).exitCode).toBe(0);
      expect(held("customers")).toEqual(truth("customer"));
    },
  );

  test("refused because the key is no good any more: the run stops, and says so", async () => {
    const { api, sync } = withOld();
    api.quirks.instead = ({ archive }) => {
      if (archive) api.quirks.revoked = true;
      return archive ? Response.json({ errors: [{ message: "no" }] }, { status: 403 }) : undefined;
    };
    const { stopped, exitCode } = await sync(["customers"], { concurrency: 1 });
    expect([stopped?.code, exitCode]).toEqual(["auth", 3]);
  });

  test("rows on either side of the border, to the millisecond, come once each", async () => {
    const { api, sync, held, truth } = setUp({ maxPageSize: 50 });
    const calendar = new Date();
    calendar.setUTCFullYear(calendar.getUTCFullYear() - 2);
    const days = [730, 730.5, 731];
    const borders = [calendar.getTime(), ...days.map((count) => Date.now() - count * DAY)];
    const times = borders.flatMap((border) => [-1, 0, 1, 2_000, -60_000, DAY].map((off) => border + off));
    api.rows.set("customer", rowsAt("customer", times));
    expect((await sync(["customers"], { most: 5 })).exitCode).toBe(0);
    expect(held("customers")).toEqual(truth("customer"));
  });
});

describe("many workers", () => {
  const skews: [string, number[]][] = [
    ["evenly spread", recently(24_000, 60_000)],
    [
      "half of them from the last day",
      [...recently(10_000), ...Array.from({ length: 10_000 }, (_, i) => Date.now() - DAY + i * 5_000)],
    ],
    [
      "most of them from one hour of one day",
      [...recently(2_000), ...Array.from({ length: 18_000 }, (_, i) => Date.now() - 200 * DAY + i * 200)],
    ],
  ];
  for (const [name, times] of skews) {
    test(`read rows ${name} at once, with hardly more requests than pages`, async () => {
      const { api, sync, held, truth } = setUp();
      api.rows.set("message", rowsAt("message", times));
      let under = 0;
      let mostUnder = 0;
      api.quirks.beforeSearch = () => {
        under += 1;
      };
      const { requests } = await sync(["messages"], {
        concurrency: 8,
        onCommit: () => {
          mostUnder = Math.max(mostUnder, under);
          under -= 1;
        },
      });
      expect(held("messages")).toEqual(truth("message"));
      // Both sources are asked for everything, and each piece's last page is proven by the next.
      expect(requests).toBeLessThanOrEqual(Math.ceil(times.length / 500) * 1.05 + 14);
      expect(mostUnder).toBeGreaterThanOrEqual(4);
    }, 20_000);
  }
});
