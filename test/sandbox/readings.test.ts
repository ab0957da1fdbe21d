/** Each reading of what sources disagree about, as it is seen over HTTP. */
import { expect, test } from "bun:test";
import { READING_NAMES, type ReadingName } from "../../src/sandbox/readings.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { ask, CONTEXTS, listAll, search, searchAll, searchArchive, standingClock, timeOf } from "./ask.ts";
import { as, DAY, LIES, START, sorted } from "./lies.ts";
import { ODDITIES } from "./oddities.ts";

async function comesInOrder(sandbox: Sandbox, context: string): Promise<boolean> {
  const times = (await search(sandbox, sorted(context), "pageSize=500")).page.data.map((row) =>
    timeOf(row, "updatedAt"),
  );
  return times.every((time, place) => place === 0 || time >= times[place - 1]!);
}

/** The refusal that ends an account's first window, 40 seconds before its end. */
async function refused(names: ReadingName[]) {
  const clock = standingClock(START);
  const sandbox = await as(names, { rpm: 1, now: clock.now, rateWindowMs: 60_000 });
  const { headers: admitted } = await ask(sandbox, "/v1/teams");
  clock.move(20_000);
  const { headers, status } = await ask(sandbox, "/v1/teams");
  expect(status).toBe(429);
  const reset = "x-ratelimit-reset";
  return { before: admitted.get(reset), reset: headers.get(reset), after: headers.get("retry-after") };
}

const END = START + 60_000;

/** A promise for each reading, so that none is there that does nothing. */
const PROMISES: Readonly<Record<ReadingName, () => Promise<void>>> = {
  ...LIES,
  ...ODDITIES,
  "cap-10000": async () => {
    const sandbox = await as(["cap-10000"], { rows: 30_000 });
    expect((await search(sandbox, sorted("message"), "page=20&pageSize=500")).status).toBe(200);
    expect((await search(sandbox, sorted("message"), "page=21&pageSize=500")).status).toBe(400);
  },
  "total-10000": async () => {
    const sandbox = await as(["total-10000"], { rows: 30_000 });
    const { meta, links } = (await search(sandbox, sorted("message"), "page=20&pageSize=500")).page;
    expect([meta.total, meta.totalPages, links.next === null]).toEqual([10_000, 20, false]);
    expect((await search(sandbox, sorted("message"), "page=21&pageSize=500")).page.data).toHaveLength(500);
  },
  "sort-never": async () => {
    const sandbox = await as(["sort-never"]);
    for (const context of Object.values(CONTEXTS)) {
      expect([context, await comesInOrder(sandbox, context)]).toEqual([context, false]);
    }
  },
  "sort-customers": async () => {
    const sandbox = await as(["sort-customers"]);
    for (const context of Object.values(CONTEXTS)) {
      expect([context, await comesInOrder(sandbox, context)]).toEqual([context, context === "customer"]);
    }
  },
  "index-lag": async () => {
    const clock = standingClock(START);
    const sandbox = await as(["index-lag"], { now: clock.now });
    clock.move(6_000);
    const count = async () => (await search(sandbox, sorted("message"))).page.meta.total as number;
    const before = await count();
    sandbox.change(200);
    expect(await count()).toBeLessThanOrEqual(before);
    clock.move(5_001);
    expect(await count()).toBeGreaterThan(before);
  },
  "deleted-hidden": async () => {
    const sandbox = await as(["deleted-hidden"]);
    const found = await searchAll(sandbox, sorted("message"));
    const old = await searchAll(sandbox, sorted("message"), true);
    const live = [...sandbox.truth("messages")].filter(({ deleted }) => !deleted);
    expect([...found, ...old].map(({ id }) => id).sort()).toEqual(live.map(({ id }) => id).sort());
  },
  "delete-unmoved": async () => {
    const clock = standingClock(START);
    const sandbox = await as(["delete-unmoved"], { now: clock.now });
    const before = new Map([...sandbox.truth("messages")].map((row) => [row.id, row]));
    clock.move(DAY);
    sandbox.change(200);
    const gone = [...sandbox.truth("messages")].filter(
      ({ id, deleted }) => deleted && before.get(id)?.deleted === false,
    );
    expect(gone.length).toBeGreaterThan(3);
    const stood = gone.filter(({ id, updatedAt }) => before.get(id)!.updatedAt === updatedAt);
    expect(stood.length).toBeGreaterThan(gone.length / 2);
  },
  "border-overlap": async () => {
    const sandbox = await as(["border-overlap"], { rows: 20_000 });
    const recent = await searchAll(sandbox, sorted("message"));
    const old = await searchAll(sandbox, sorted("message"), true);
    const shared = new Set(recent.map(({ id }) => id)).intersection(new Set(old.map(({ id }) => id)));
    expect(shared.size).toBeGreaterThan(0);
    expect(shared.size).toBeLessThan(200);
  },
  "archive-403": async () =>
    expect((await searchArchive(await as(["archive-403"]), sorted("message"))).status).toBe(403),
  "archive-404": async () =>
    expect((await searchArchive(await as(["archive-404"]), sorted("message"))).status).toBe(404),
  "archive-400": async () =>
    expect((await searchArchive(await as(["archive-400"]), sorted("message"))).status).toBe(400),
  "reset-always": async () => {
    const end = String(Math.ceil(END / 1000));
    expect(await refused(["reset-always"])).toEqual({ before: end, reset: end, after: null });
  },
  "reset-ms": async () =>
    expect(await refused(["reset-ms"])).toEqual({ before: null, reset: String(END), after: null }),
  "reset-delta": async () => {
    expect(await refused(["reset-delta", "reset-always"])).toEqual({
      before: "60",
      reset: "40",
      after: null,
    });
  },
  "reset-never": async () => {
    expect(await refused(["reset-never", "reset-always"])).toEqual({
      before: null,
      reset: null,
      after: null,
    });
  },
  "retry-after": async () => expect((await refused(["retry-after"])).after).toBe("40"),
  "role-401": async () => {
    const sandbox = await as(["role-401"], { withoutRole: ["notes"] });
    const { status, text } = await search(sandbox, sorted("note"));
    expect([status, text]).toEqual([401, expect.stringContaining("Missing role")]);
  },
  "list-25": async () => {
    const sandbox = await as(["list-25"]);
    const { page } = await ask(sandbox, "/v1/notes?pageSize=100");
    expect([page.data.length, page.meta.pageSize]).toEqual([25, 25]);
    expect(await listAll(sandbox, "/v1/notes?pageSize=100")).toHaveLength([...sandbox.truth("notes")].length);
  },
  "list-newest": async () => {
    const sandbox = await as(["list-newest"]);
    for (const [path, newestFirst] of [
      ["/v1/notes", true],
      ["/v1/notes?sort=asc", false],
      ["/v1/tags", true],
    ] as const) {
      const ids = (await ask(sandbox, path)).page.data.map(({ id }) => id);
      expect([path, ids]).toEqual([path, newestFirst ? ids.toSorted().reverse() : ids.toSorted()]);
    }
  },
  "list-endless": async () => {
    const sandbox = await as(["list-endless"]);
    const last = await ask(sandbox, "/v1/tags?pageSize=100");
    expect(last.page.links.next).not.toBeNull();
    const beyond = await ask(sandbox, last.page.links.next!);
    expect([beyond.status, beyond.page.data, beyond.page.links.next]).toEqual([200, [], expect.any(String)]);
  },
};

test.each(READING_NAMES)("%s", async (name) => {
  await PROMISES[name]();
});
