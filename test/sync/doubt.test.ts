/**
 * What does not come as it is, in one run, is never taken for read: the run says so, all other rows are there, and
 * the next run, to which the truth is told, has every row.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab, type Outcome } from "./harness.ts";
import { recently, rowsAt, type StandInRow } from "./stand-in.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

type Body = { meta?: { total?: number }; data: unknown[] };
type Lie = (body: Body, asked: URL) => Body;

/** Two thousand messages, some old, and 40 at one instant; a lie is told about each page while one is set. */
function setUp(): Lab & { lie: Lie | null } {
  const lab = createLab({ maxPageSize: 100 });
  labs.push(lab);
  const now = Date.now();
  const old = Array.from({ length: 150 }, (_, i) => now - 900 * DAY + i * HOUR);
  const tied = Array<number>(140).fill(now - 20 * DAY);
  lab.api.rows.set("message", rowsAt("message", [...recently(1_000, 10 * 60_000), ...tied, ...old]));
  lab.api.rows.set("/v1/users", rowsAt("user", recently(150)));
  const told = { lie: null as Lie | null };
  const honest = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url);
      const answer = await fetch(new URL(url.pathname + url.search, lab.api.url), {
        method: request.method,
        headers: request.headers,
        ...(request.method === "POST" ? { body: await request.text() } : {}),
      });
      const body = (await answer.json()) as Body;
      const { lie } = told;
      const given = lie === null || !Array.isArray(body.data) ? body : lie(body, url);
      return Response.json(given, { status: answer.status });
    },
  });
  labs.push({ end: () => honest.stop(true) } as unknown as Lab);
  const url = honest.url.href.replace(/\/$/, "");
  const sync: Lab["sync"] = (names, options = {}) => lab.sync(names, { ...options, url, most: 6_000 });
  return Object.assign(told, { ...lab, sync });
}

type Row = { id: string; attributes: Record<string, unknown> };
const isChosen = (row: unknown) => Bun.hash.murmur32v3((row as Row).id) % 50 === 0;
const some = (change: (row: Row) => unknown): Lie => {
  return (body) => ({ ...body, data: body.data.map((row) => (isChosen(row) ? change(row as Row) : row)) });
};
const without = (name: string) => (row: Row) => {
  const { [name]: _, ...attributes } = row.attributes;
  return { ...row, attributes };
};
const aged = (row: Row) => ({
  ...row,
  attributes: { ...row.attributes, updatedAt: "2020-02-02T02:02:02.000Z", rev: 0 },
});

const lies: [string, Lie][] = [
  ["are null", some(() => null)],
  ["have no id", some(({ id: _, ...row }) => row)],
  ["have no attributes", some(({ attributes: _, ...row }) => row)],
  ["have no updatedAt", some(without("updatedAt"))],
  [
    "say when they changed by a number",
    some((row) => ({ ...row, attributes: { updatedAt: 1_700_000_000 } })),
  ],
  ["come as they were before they last changed", some(aged)],
  [
    "come as they were, out of the order of the others",
    some((row) => {
      const updatedAt = new Date(Date.parse(String(row.attributes.updatedAt)) - 400 * DAY).toISOString();
      return { ...row, attributes: { ...row.attributes, updatedAt, rev: 0 } };
    }),
  ],
  [
    "are not there, though they are counted",
    (body) => ({ ...body, data: body.data.filter((row) => !isChosen(row)) }),
  ],
  [
    "are left out beside errors",
    (body) => ({ ...body, data: body.data.slice(1), errors: [{ title: "a shard" }] }) as Body,
  ],
];

function expectTold({ streams, exitCode }: Outcome): void {
  expect(exitCode).not.toBe(0);
  expect(streams[0]!.status).not.toBe("done");
  expect(streams[0]!.error).not.toBeNull();
}

describe("rows that", () => {
  describe.each(lies)("%s", (name, lie) => {
    test.each([1, 4])("in a first run, with %d at once", async (concurrency) => {
      const lab = setUp();
      lab.lie = lie;
      expectTold(await lab.sync(["messages"], { concurrency, audits: true }));
      // Even what the lie spoils has come where it can be told from the rest.
      if (!name.includes("errors")) {
        const chosen = (row: string) => isChosen({ id: row.split(" ")[0]! });
        expect(lab.held("messages").filter((row) => !chosen(row))).toEqual(
          lab.truth("message").filter((row) => !chosen(row)),
        );
      }
      lab.lie = null;
      expect((await lab.sync(["messages"], { concurrency, audits: true })).exitCode).toBe(0);
      expect(lab.held("messages")).toEqual(lab.truth("message"));
    });

    test("after a change", async () => {
      const lab = setUp();
      await lab.sync(["messages"], { lookbackMs: HOUR });
      const rows = lab.api.rows.get("message")!;
      const changed = rows.filter((row, i) => i % 9 === 0 || isChosen(row));
      for (const row of changed) edit(row, HOUR / 2);
      lab.lie = lie;
      expectTold(await lab.sync(["messages"], { lookbackMs: HOUR, audits: true }));
      lab.lie = null;
      // Others change, so that the index is seen to be further than that.
      for (const row of rows.slice(0, 20)) edit(row, 60_000);
      for (let run = 0; run < 2; run += 1) await lab.sync(["messages"], { lookbackMs: HOUR, audits: true });
      expect(lab.held("messages")).toEqual(lab.truth("message"));
    });
  });
});

function edit(row: StandInRow, agoMs: number): void {
  row.updatedAt = new Date(Date.now() - agoMs).toISOString();
  row.rev += 1;
}

test("a list whose rows cannot all be kept says nothing of who is gone", async () => {
  const lab = setUp();
  await lab.sync(["users"]);
  const before = lab.held("users");
  lab.lie = some(() => null);
  for (let run = 0; run < 2; run += 1) {
    expectTold(await lab.sync(["users"]));
    expect(lab.held("users")).toEqual(before);
  }
  lab.lie = null;
  expect((await lab.sync(["users"])).exitCode).toBe(0);
  expect(lab.held("users")).toEqual(before);
});

test("rows that only the index still has cost a few searches each, and the others are read", async () => {
  const lab = setUp();
  const honest = (await lab.sync(["messages"])).requests;
  const count = lab.api.rows.get("message")!.filter(isChosen).length;
  expect(count).toBeGreaterThan(10);
  lab.lie = (body) => ({ ...body, data: body.data.filter((row) => !isChosen(row)) });
  const outcome = await lab.sync(["messages"], { full: true });
  expectTold(outcome);
  expect(outcome.requests).toBeLessThan(2 * honest + 45 * count);
  expect(lab.held("messages")).toEqual(lab.truth("message"));
});
