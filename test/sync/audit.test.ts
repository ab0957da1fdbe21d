/**
 * The audit: whatever the file lost, holds in an old version, or holds though Kustomer purged it, ordinary syncs
 * find by counting, and mend, for a handful of searches; and they say what they counted.
 */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { quirksOf, type ReadingName } from "../../src/sandbox/readings.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { createHarness, type Harness, type Options, type Outcome, versionOf } from "./harness.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Settings are asked for again after some time, whatever is counted. */
const COUNTED = STREAMS.filter(({ isSetting }) => !isSetting).map(({ name }) => name);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Lab = Harness & {
  readonly sandbox: Sandbox;
  readonly pass: (ms: number) => void;
  readonly run: (options?: Options) => Promise<Outcome>;
};

async function setUp(rows: number, names: readonly ReadingName[] = [], mostTotal?: number): Promise<Lab> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const quirks = { ...quirksOf(names), ...(mostTotal === undefined ? {} : { mostTotal }) };
  const sandbox = await startSandbox({ rows, rpm: 1e6, searchRpm: 1e6, now, quirks });
  const harness = createHarness(sandbox);
  ends.push(() => sandbox.stop(), harness.end);
  const options = { audits: true, lookbackMs: 15 * MINUTE };
  return {
    ...harness,
    sandbox,
    pass: (ms) => {
      ahead += ms;
    },
    run: (more = {}) => harness.sync(COUNTED, { ...options, ...more }),
  };
}

function truthOf({ sandbox }: Lab, stream: string): string[] {
  return [...sandbox.truth(stream)].map((row) => versionOf(row.id, row.updatedAt, row.deleted)).sort();
}

/** What is live in the file and in Kustomer; purged rows stay in the file, marked. */
function expectEqual(lab: Lab, purged: ReadonlySet<string> = new Set()): void {
  for (const name of COUNTED) {
    const held = lab.held(name);
    const isPurged = (row: string) => purged.has(row.split(" ")[0]!);
    expect([name, held.filter((row) => !isPurged(row))]).toEqual([name, truthOf(lab, name)]);
    expect(held.filter((row) => isPurged(row) && row.endsWith("live"))).toEqual([]);
  }
}

/** Changes the file by hand. */
function edit({ path }: Harness, sql: string): void {
  const db = new Database(path);
  db.run(sql);
  db.close();
}

/** Forwards to the sandbox, but as one that counts deleted rows among the live ones. */
function withoutDeleted({ sandbox }: Lab): { url: string; asked: () => number } {
  let asked = 0;
  const server = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : undefined;
      if (body?.includes('"includeDeleted":false')) asked += 1;
      const headers = { authorization: request.headers.get("authorization") ?? "" };
      return fetch(`${sandbox.url}${pathname}${search}`, {
        method: request.method,
        headers: { ...headers, "content-type": "application/json" },
        ...(body === undefined
          ? {}
          : { body: body.replace('"includeDeleted":false', '"includeDeleted":true') }),
      });
    },
  });
  ends.push(() => server.stop(true));
  return { url: server.url.href.replace(/\/$/, ""), asked: () => asked };
}

const searches = (outcomes: readonly Outcome[]) =>
  outcomes.reduce((sum, { streams }) => sum + streams.reduce((all, { requests }) => all + requests, 0), 0);

test("12 purged rows and 3 removed by hand among 35,000: two ordinary syncs, at most 200 searches", async () => {
  const lab = await setUp(35_000);
  await lab.run();
  lab.pass(DAY);
  await lab.run();
  const purged = new Set(lab.sandbox.purge("messages", 12));
  edit(
    lab,
    "DELETE FROM messages WHERE rowid IN (SELECT rowid FROM messages ORDER BY id LIMIT 3 OFFSET 4000)",
  );
  lab.pass(DAY);
  const runs = [await lab.run(), await lab.run()];
  expectEqual(lab, purged);
  expect(searches(runs)).toBeLessThanOrEqual(200);
  const [messages] = runs[1]!.streams.filter(({ stream }) => stream === "messages");
  expect(messages!.counted).toMatchObject({ equal: true });
}, 120_000);

test.each([
  ["20", ">", "'2025-01-01'", "created_at"],
  [
    "20 archived",
    "<",
    "strftime('%Y-%m-%d', 'now', '-760 days')",
    "strftime('%Y-%m-%dT00:00:00.000Z', updated_at, '-200 days')",
  ],
])(
  "%s rows put back to an old version are whole again within 30 ordinary syncs",
  async (_name, than, when, before) => {
    const lab = await setUp(6_000);
    await lab.run();
    lab.pass(DAY);
    await lab.run();
    edit(
      lab,
      `UPDATE conversations SET updated_at = ${before}, rev = 0 WHERE id IN (
       SELECT id FROM conversations WHERE updated_at ${than} ${when} ORDER BY id LIMIT 20 OFFSET 30)`,
    );
    expect(lab.held("conversations")).not.toEqual(truthOf(lab, "conversations"));
    let runs = 0;
    while (runs < 30 && lab.held("conversations").join() !== truthOf(lab, "conversations").join()) {
      lab.pass(3_600_000);
      await lab.run();
      runs += 1;
    }
    expectEqual(lab);
    expect(runs).toBeLessThanOrEqual(30);
  },
  240_000,
);

test("a calm sync costs at most 12 requests, and 8 more with its audit; it writes nothing", async () => {
  const lab = await setUp(4_000);
  await lab.run();
  lab.pass(DAY);
  await lab.run();
  for (let run = 0; run < 6; run += 1) {
    const without = await lab.run({ audits: false });
    const calm = await lab.run();
    expect(without.requests).toBeLessThanOrEqual(12);
    expect(calm.requests - without.requests).toBeLessThanOrEqual(8);
    for (const { written, deleted, counted, stream } of calm.streams) {
      expect([written, deleted]).toEqual([0, 0]);
      if (STREAMS.find(({ name }) => name === stream)!.read.by === "search") {
        expect(counted).toMatchObject({ equal: true });
      }
    }
    for (const { counted } of without.streams) expect(counted).toBeNull();
  }
});

describe("a row that was marked because it did not come", () => {
  test("comes back to life when the index shows it again", async () => {
    const lab = await setUp(2_000);
    await lab.run();
    lab.pass(DAY);
    await lab.run();
    edit(
      lab,
      `UPDATE messages SET _deleted_at = '2026-01-01T00:00:00.000Z' WHERE _deleted_at IS NULL AND id IN (
         SELECT id FROM messages WHERE updated_at > '2025-06-01' ORDER BY id LIMIT 9)`,
    );
    expect(lab.held("messages")).not.toEqual(truthOf(lab, "messages"));
    await lab.run();
    await lab.run();
    expectEqual(lab);
  });
});

test.each([
  ["dead", "_deleted_at = '2026-01-01T00:00:00.000Z', deleted = 1", "IS NULL"],
  ["live", "_deleted_at = NULL, deleted = 0", "IS NOT NULL"],
])(
  "rows that an answer once called %s are so for as long as the index counts as many",
  async (_name, to, where) => {
    const lab = await setUp(6_000);
    await lab.run();
    lab.pass(DAY);
    await lab.run();
    for (const stream of ["conversations", "messages"]) {
      for (const time of ["> '2025-06-01'", "< '2024-06-01'"]) {
        edit(
          lab,
          `UPDATE ${stream} SET ${to} WHERE id IN (
           SELECT id FROM ${stream} WHERE _deleted_at ${where} AND updated_at ${time} ORDER BY id LIMIT 3)`,
        );
      }
      expect(lab.held(stream)).not.toEqual(truthOf(lab, stream));
    }
    for (let run = 0; run < 26; run += 1) {
      lab.pass(3_600_000);
      await lab.run();
    }
    expectEqual(lab);
  },
);

test("an index that calls other rows live than they do is asked for what differs once in a while, not at each run", async () => {
  const lab = await setUp(6_000);
  await lab.run();
  lab.pass(DAY);
  await lab.run();
  const { url, asked } = withoutDeleted(lab);
  const runs: number[] = [];
  for (let run = 0; run < 30; run += 1) {
    lab.pass(3_600_000);
    runs.push((await lab.run({ url })).requests);
  }
  expect(asked()).toBeGreaterThan(0);
  expectEqual(lab);
  // The first to find it, and hardly another one, ask for more than a calm run.
  expect(runs.filter((requests) => requests > 24).length).toBeLessThanOrEqual(12);
  expect(Math.max(...runs)).toBeLessThanOrEqual(80);
}, 120_000);

describe("where the index does not count", () => {
  test.each([
    ["further than 1,000", [], 1_000],
    ["at all", ["total-absent"], undefined],
  ] as const)(
    "%s, what was lost is found in the course of some runs",
    async (_name, names, mostTotal) => {
      const lab = await setUp(6_000, names, mostTotal);
      await lab.run();
      lab.pass(DAY);
      await lab.run();
      edit(
        lab,
        "DELETE FROM customers WHERE rowid IN (SELECT rowid FROM customers ORDER BY id DESC LIMIT 5)",
      );
      let runs = 0;
      while (runs < 12 && lab.held("customers").length < truthOf(lab, "customers").length) {
        lab.pass(3_600_000);
        const { requests } = await lab.run();
        expect(requests).toBeLessThanOrEqual(60);
        runs += 1;
      }
      expectEqual(lab);
    },
    120_000,
  );
});

test("an index that has lost over a third is not believed: nothing is marked, and the run says so", async () => {
  const lab = await setUp(2_000);
  await lab.run();
  lab.pass(DAY);
  await lab.run();
  const ids = lab.sandbox.purge("notes", 100);
  const { streams, exitCode } = await lab.run();
  const [notes] = streams.filter(({ stream }) => stream === "notes");
  expect(notes).toMatchObject({ status: "partial", deleted: 0, error: { code: "sweep-refused" } });
  expect(exitCode).toBe(6);
  const held = new Set(lab.held("notes"));
  expect(ids.every((id) => [...held].some((row) => row.startsWith(id) && row.endsWith("live")))).toBe(true);
});
