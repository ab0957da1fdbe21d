/** What each reading that is a lie of searches, of clocks or of the index promises, as it is seen over HTTP. */
import { expect } from "bun:test";
import { quirksOf, type ReadingName } from "../../src/sandbox/readings.ts";
import type { Sandbox, SandboxOptions } from "../../src/sandbox/sandbox.ts";
import { ask, type Page, search, searchArchive, serve, standingClock, timeOf } from "./ask.ts";

export const START = Date.UTC(2026, 10, 23, 9, 30, 7, 250);
export const DAY = 86_400_000;

const MINUTE = 60_000;

export function as(names: ReadingName[], options: SandboxOptions = {}): Promise<Sandbox> {
  return serve({ rows: 1_000, ...options, quirks: quirksOf(names) });
}

/** All rows of a context in the order of their `updatedAt`. */
export const sorted = (context: string) => ({
  queryContext: context,
  includeDeleted: true,
  sort: [{ [`${context}_updated_at`]: "asc" }],
});

async function expectDate(name: ReadingName, ahead: number): Promise<void> {
  const sandbox = await as([name], { now: () => START });
  const answers = [await search(sandbox, sorted("message")), await ask(sandbox, "/v1/nowhere")];
  for (const { headers } of answers) expect(headers.get("date")).toBe(new Date(START + ahead).toUTCString());
  const honest = await serve({ rows: 1_000, now: () => START });
  expect(answers[0]!.page).toEqual((await search(honest, sorted("message"))).page);
}

async function expectNothing(name: ReadingName, status: number): Promise<void> {
  const sandbox = await as([name]);
  for (const asked of [search, searchArchive]) {
    const answer = await asked(sandbox, sorted("message"));
    expect([answer.status, answer.text]).toEqual([status, '{"data":[]}']);
    expect((await asked(sandbox, { queryContext: "nonsense" })).status).toBe(400);
  }
  expect((await ask(sandbox, "/v1/tags")).page.data.length).toBeGreaterThan(0);
}

/** A page of an honest sandbox, and the same page of one with a reading. */
async function compare(name: ReadingName, query: string): Promise<{ honest: Page; told: Page }> {
  const honest = await serve({ rows: 1_000, now: () => START });
  const lying = await as([name], { now: () => START });
  return {
    honest: (await search(honest, sorted("message"), query)).page,
    told: (await search(lying, sorted("message"), query)).page,
  };
}

export const LIES = {
  "total-absent": async () => {
    const { honest, told } = await compare("total-absent", "pageSize=100");
    const { total, totalPages, ...meta } = honest.meta;
    const { last, ...links } = honest.links;
    expect([total, totalPages, last].includes(undefined)).toBe(false);
    expect(told).toEqual({ ...honest, meta, links });
    expect(told.links.next).toEqual(expect.any(String));
    const end = (await compare("total-absent", `page=${totalPages}&pageSize=100`)).told;
    expect([end.data.length > 0, end.links.next]).toEqual([true, null]);
  },
  "total-phantom": async () => {
    const { honest, told } = await compare("total-phantom", "pageSize=100");
    expect([told.meta.total, told.data]).toEqual([(honest.meta.total as number) + 9, honest.data]);
    const nobody = { queryContext: "message", and: [{ message_updated_at: { lt: "2020-01-01" } }] };
    const { page } = await search(await as(["total-phantom"]), nobody);
    expect([page.meta.total, page.meta.totalPages, page.data]).toEqual([9, 1, []]);
  },
  "timed-out": async () => {
    const { honest, told } = await compare("timed-out", "pageSize=100");
    expect([told.meta.timed_out, told.meta.total]).toEqual([true, honest.meta.total]);
    expect(told.data).toEqual(honest.data.slice(0, 50));
    const nobody = { queryContext: "message", and: [{ message_updated_at: { lt: "2020-01-01" } }] };
    expect((await search(await as(["timed-out"]), nobody)).page.meta.timed_out).toBe(false);
  },
  "answers-empty": () => expectNothing("answers-empty", 200),
  "answers-206": () => expectNothing("answers-206", 206),
  "index-stalled": async () => {
    const clock = standingClock(START);
    const sandbox = await as(["index-stalled"], { now: clock.now });
    const before = (await search(sandbox, sorted("message"), "pageSize=500")).page;
    clock.move(MINUTE);
    sandbox.change(300);
    const after = (await search(sandbox, sorted("message"), "pageSize=500")).page;
    expect([after.meta, after.data.map(({ id }) => id)]).toEqual([
      before.meta,
      before.data.map(({ id }) => id),
    ]);
    expect(after.data.filter((row) => timeOf(row, "updatedAt") === clock.now()).length).toBeGreaterThan(10);
  },
  "hits-edited": async () => {
    const sandbox = await as(["hits-edited"], { now: () => START });
    const { data } = (await search(sandbox, sorted("message"), "pageSize=100")).page;
    expect(data).toHaveLength(100);
    expect(data.map((row) => timeOf(row, "updatedAt") === START)).toEqual([false, ...Array(99).fill(true)]);
  },
  "clock-20m-ahead": () => expectDate("clock-20m-ahead", 20 * MINUTE),
  "clock-3h-ahead": () => expectDate("clock-3h-ahead", 180 * MINUTE),
  "clock-75y-ahead": () => expectDate("clock-75y-ahead", 75 * 365.25 * DAY),
  "clock-20m-behind": () => expectDate("clock-20m-behind", -20 * MINUTE),
  "clock-3h-behind": () => expectDate("clock-3h-behind", -180 * MINUTE),
  "clock-75y-behind": () => expectDate("clock-75y-behind", -75 * 365.25 * DAY),
  "clock-absent": async () => {
    const sandbox = await as(["clock-absent"]);
    for (const path of ["/v1/tags", "/v1/nowhere"]) {
      expect((await ask(sandbox, path)).headers.has("date")).toBe(false);
    }
  },
} as const satisfies Partial<Record<ReadingName, () => Promise<void>>>;
