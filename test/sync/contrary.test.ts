/** The engine against an API that is contrary in one way at a time: everything is read, or said not to be. */
import { afterEach, describe, expect, test } from "bun:test";
import { createClient } from "../../src/kustomer/client.ts";
import { createLimiter } from "../../src/kustomer/limiter.ts";
import { listPage } from "../../src/kustomer/list.ts";
import { searchPage } from "../../src/kustomer/search.ts";
import { classifyDenied, readToken } from "../../src/kustomer/token.ts";
import type { AppError } from "../../src/lib/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { findStream } from "../../src/streams/index.ts";
import { runExitCode } from "../../src/sync/report.ts";
import { runSync, type SyncOutcome } from "../../src/sync/run.ts";
import { temporaryFolder } from "../e2e/program.ts";
import { hash, type Quirks, rowsAt, type StandIn, startStandIn } from "./stand-in.ts";

const DAY = 86_400_000;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function setUp(quirks: Quirks = {}) {
  const api = startStandIn(quirks);
  const folder = temporaryFolder();
  ends.push(() => api.stop(), folder.remove);
  const db = `${folder.path}/test.db`;
  let requests = 0;

  /** One run; `most` bounds its requests, so that a loop fails rather than hangs. */
  async function sync(
    names: string[],
    { most = 2_000, concurrency = 4, start = null as number | null } = {},
  ): Promise<SyncOutcome> {
    const controller = new AbortController();
    const limiter = createLimiter({ windowMs: 1_000, searchPerWindow: 1e6, orgPerWindow: 1e6, share: 1 });
    const client = createClient({
      baseUrl: api.url,
      apiKey: "key",
      limiter,
      signal: controller.signal,
      random: () => 0,
    });
    const { serverTime } = await readToken(client);
    const store = openStore(db, { mode: "create" });
    try {
      store.lock.acquire("sync");
      requests = 0;
      const bounded = <T>(ask: () => Promise<T>): Promise<T> => {
        requests += 1;
        if (requests > most) throw new Error(`more than ${most} requests`);
        return ask();
      };
      return await runSync(
        {
          search: (request) => bounded(() => searchPage(client, request)),
          list: (request) => bounded(() => listPage(client, request)),
        },
        store,
        {
          streams: names.map((name) => findStream(name)!),
          start,
          lookbackMs: 0,
          concurrency,
          now: serverTime!,
          full: false,
          abort: (reason: AppError) => controller.abort(reason),
        } as Parameters<typeof runSync>[2],
        (error) => classifyDenied(client, error),
      );
    } finally {
      store.close();
    }
  }

  function held(name: string): string[] {
    const store = openStore(db, { mode: "read" });
    try {
      return store
        .query(`SELECT id, updated_at FROM "${name}" ORDER BY id`)
        .map(({ id, updated_at }) => `${id} ${updated_at}`);
    } finally {
      store.close();
    }
  }

  return { api, sync, held, requests: () => requests };
}

function truth(api: StandIn, context: string): string[] {
  return (api.rows.get(context) ?? []).map(({ id, updatedAt }) => `${id} ${updatedAt}`).sort();
}

const recently = (count: number, stepMs = 60_000) =>
  Array.from({ length: count }, (_, i) => Date.now() - 30 * DAY + i * stepMs);

describe("ties", () => {
  const cases: [string, number[]][] = [
    ...[499, 500, 501, 1_000, 1_001, 1_200].map((count): [string, number[]] => [
      `${count} rows at one timestamp`,
      [...recently(700), ...Array<number>(count).fill(Date.now() - 20 * DAY), ...recently(300, 90_000)],
    ]),
    ["nothing but one timestamp", Array<number>(1_300).fill(Date.now() - DAY)],
    [
      "two neighbouring timestamps",
      [...Array<number>(700).fill(Date.now() - DAY), ...Array<number>(700).fill(Date.now() - DAY + 1)],
    ],
    ["the newest rows tied", [...recently(200), ...Array<number>(1_100).fill(Date.now() - 90_000)]],
  ];
  for (const [name, times] of cases) {
    test(`${name}: read, with few requests, no loop`, async () => {
      const { api, sync, held, requests } = setUp();
      api.rows.set("message", rowsAt("message", times));
      const { streams } = await sync(["messages"], { most: 40 });
      expect(streams[0]?.status).toBe("done");
      expect(held("messages")).toEqual(truth(api, "message"));
      expect(requests()).toBeLessThanOrEqual(Math.ceil(times.length / 500) + 8);
    });
  }

  test("rows that leave a tie while it is read do not hide others", async () => {
    let moved = false;
    const { api, sync, held } = setUp({
      beforeSearch() {
        // As soon as the tie's second page is about to be asked, rows of its first page move on.
        const second =
          api.asked.some(({ page }) => page === 1) &&
          api.asked.filter(({ to, from }) => to !== null && Date.parse(to) - Date.parse(from) === 1)
            .length === 1;
        if (moved || !second) return;
        moved = true;
        for (const row of api.rows.get("message")!.slice(0, 300)) row.updatedAt = new Date().toISOString();
      },
    });
    api.rows.set("message", rowsAt("message", Array<number>(1_300).fill(Date.now() - DAY)));
    await sync(["messages"], { most: 60 });
    expect(moved).toBe(true);
    await sync(["messages"], { most: 60 });
    expect(held("messages")).toEqual(truth(api, "message"));
  });

  test("more rows than paging reaches are split by their creation", async () => {
    const { api, sync, held } = setUp({ capRows: 1_000 });
    api.rows.set("message", rowsAt("message", Array<number>(2_600).fill(Date.now() - DAY)));
    const { streams } = await sync(["messages"], { most: 60 });
    expect(streams[0]?.status).toBe("done");
    expect(held("messages")).toEqual(truth(api, "message"));
  });

  test("which nothing can split fail the stream, and say at which instant", async () => {
    const { api, sync, held } = setUp({ capRows: 1_000 });
    const at = Date.now() - DAY;
    const rows = rowsAt("message", Array<number>(1_600).fill(at)).map((row) => ({
      ...row,
      createdAt: new Date(at).toISOString(),
    }));
    api.rows.set("message", rows);
    const outcome = await sync(["messages"], { most: 200 });
    expect(outcome.streams[0]).toMatchObject({
      status: "failed",
      error: { message: expect.stringContaining(new Date(at).toISOString()) },
    });
    expect(runExitCode(outcome.streams, outcome.stopped)).not.toBe(0);
    expect(held("messages").length).toBeGreaterThan(0);
  }, 20_000);
});

describe("an API that", () => {
  const quirks: [string, Quirks, number][] = [
    ["does not sort", { unsorted: true }, 300],
    ["has small pages", { maxPageSize: 100 }, 100],
    ["has tiny pages", { maxPageSize: 7 }, 700],
    ["times out now and then", { timedOutEvery: 3 }, 100],
    ["leaves a row out now and then", { shortEvery: 4 }, 100],
    ["does not count", { noTotal: true }, 60],
    ["does not sort and times out", { unsorted: true, timedOutEvery: 5, maxPageSize: 50 }, 1_500],
  ];
  for (const [name, quirk, most] of quirks) {
    test(`${name} is read whole`, async () => {
      const { api, sync, held } = setUp(quirk);
      const old = Array.from({ length: 400 }, (_, i) => Date.now() - 900 * DAY + i * 3_600_000);
      const border = Array.from({ length: 60 }, (_, i) => Date.now() - 731 * DAY + i * 3_600_000);
      const tie = Array<number>(40).fill(Date.now() - 3 * DAY);
      api.rows.set("customer", rowsAt("customer", [...recently(1_200), ...old, ...border, ...tie]));
      const { streams } = await sync(["customers"], { most });
      expect(streams[0]?.status).toBe("done");
      expect(held("customers")).toEqual(truth(api, "customer"));
    });
  }

  test("changes rows before every search leaves the file equal after a quiet sync", async () => {
    const { api, sync, held } = setUp({
      maxPageSize: 50,
      beforeSearch(count) {
        const rows = api.rows.get("customer")!;
        for (let i = 0; i < 3; i += 1) {
          const row = rows[Number.parseInt(hash(`${count}-${i}`).slice(0, 8), 16) % rows.length]!;
          row.updatedAt = new Date().toISOString();
          row.rev += 1;
        }
      },
    });
    api.rows.set(
      "customer",
      rowsAt("customer", [...recently(900), ...Array<number>(130).fill(Date.now() - DAY)]),
    );
    await sync(["customers"], { most: 400 });
    delete (api.quirks as { beforeSearch?: unknown }).beforeSearch;
    await sync(["customers"], { most: 400 });
    expect(held("customers")).toEqual(truth(api, "customer"));
  });

  test.each([400, 403, 404])(
    "refuses the archive with %d: the rest is read, and called partial",
    async (archiveStatus) => {
      const { api, sync, held } = setUp({ archiveStatus });
      const old = rowsAt("old", [Date.now() - 1_000 * DAY]);
      api.rows.set("customer", [...rowsAt("customer", recently(20)), ...old]);
      for (let run = 0; run < 2; run += 1) {
        const { streams, stopped } = await sync(["customers"], { most: 20 });
        expect(streams[0]).toMatchObject({
          status: "partial",
          error: { message: expect.stringContaining("two years") },
        });
        expect(runExitCode(streams, stopped)).toBe(6);
      }
      expect(held("customers")).toEqual(truth(api, "customer").filter((row) => !row.startsWith("old")));
      const within = await sync(["customers"], { start: Date.now() - 100 * DAY });
      expect(within.streams[0]?.status).toBe("done");
    },
  );

  test("sends rows without a usable id: they are kept out and counted, the others are read", async () => {
    const { api, sync, held } = setUp({ maxPageSize: 50 });
    const rows = rowsAt("customer", recently(300));
    api.rows.set("customer", [...rows, { ...rows[120]!, id: "" }]);
    const { streams } = await sync(["customers"], { most: 60 });
    expect(streams[0]).toMatchObject({ status: "done" });
    expect(streams[0]?.rejected).toBeGreaterThan(0);
    expect(held("customers")).toEqual(truth(api, "customer").filter((row) => !row.startsWith(" ")));
  });

  test("denies a stream: that one is skipped, the others are done", async () => {
    const { api, sync, held } = setUp({ denied: "customer" });
    api.rows.set("customer", rowsAt("customer", recently(5)));
    api.rows.set("message", rowsAt("message", recently(5)));
    const { streams, stopped } = await sync(["customers", "messages"]);
    expect(streams.map(({ status }) => status)).toEqual(["skipped", "done"]);
    expect(runExitCode(streams, stopped)).toBe(6);
    expect(held("messages")).toHaveLength(5);
  });

  test("has rows of 1900 and of 2999 gives them too, and again only what it must", async () => {
    const { api, sync, held, requests } = setUp();
    api.rows.set(
      "customer",
      rowsAt("customer", [Date.UTC(1900, 0, 1), ...recently(5), Date.UTC(2999, 0, 1)]),
    );
    await sync(["customers"]);
    expect(held("customers")).toEqual(truth(api, "customer"));
    const { streams } = await sync(["customers"]);
    expect([streams[0]?.written, requests()]).toEqual([0, 1]);
  });
});

test("many workers read one big stream, with hardly more requests than pages", async () => {
  const { api, sync, held, requests } = setUp();
  const skewed = Array.from({ length: 10_000 }, (_, i) => Date.now() - DAY + i * 5_000);
  api.rows.set("message", rowsAt("message", [...recently(20_000, 60_000), ...skewed]));
  await sync(["messages"], { concurrency: 8 });
  expect(held("messages")).toEqual(truth(api, "message"));
  expect(requests()).toBeLessThanOrEqual(60 * 1.05 + 8);
}, 20_000);
