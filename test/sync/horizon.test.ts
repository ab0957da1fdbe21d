/**
 * No clock is believed alone, and an index only as far as it was seen to know: whatever ran wrong, or stood still,
 * only makes the next ordinary sync ask again, and that leaves the file equal.
 */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import type { Quirks } from "../../src/sandbox/quirks.ts";
import { quirksOf } from "../../src/sandbox/readings.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { createHarness, type Harness, type Options, type Outcome, versionOf } from "./harness.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Lab = Harness & {
  readonly sandbox: Sandbox;
  readonly now: () => number;
  readonly pass: (ms: number) => void;
  /** A sync while this machine's clock is off by so much. */
  readonly run: (off?: number, options?: Options) => Promise<Outcome>;
};

async function setUp(quirks: Quirks = {}, rows = 1_500): Promise<Lab> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const sandbox = await startSandbox({ rows, rpm: 1e6, searchRpm: 1e6, now, quirks });
  const harness = createHarness(sandbox);
  ends.push(() => sandbox.stop(), harness.end);
  return {
    ...harness,
    sandbox,
    now,
    pass: (ms) => {
      ahead += ms;
    },
    run: (off = 0, options = {}) =>
      harness.sync([], { lookbackMs: 15 * MINUTE, audits: false, local: now() + off, ...options }),
  };
}

function expectEqual(lab: Lab): void {
  for (const { name } of STREAMS) {
    const truth = [...lab.sandbox.truth(name)].map((row) => versionOf(row.id, row.updatedAt, row.deleted));
    expect([name, lab.held(name)]).toEqual([name, truth.sort()]);
  }
}

/** What the file says of itself lies in the future of neither the server nor of the clock that was right. */
function expectHonest(lab: Lab): void {
  const latest = new Date(lab.now() + 1_000).toISOString();
  for (const { synced_to, saved } of lab.query(
    "SELECT synced_to, json_extract(state, '$.horizon') AS saved FROM _sync_state",
  )) {
    expect([String(synced_to) <= latest, saved === null || String(saved) <= latest]).toEqual([true, true]);
  }
}

const offs: [string, number][] = [
  ["20 minutes", 20 * MINUTE],
  ["3 hours", 3 * HOUR],
  ["75 years", 75 * YEAR],
  ["9,000 years", 9_000 * YEAR],
];
const wrong = offs.flatMap(([name, off]): [string, number][] => [
  [`${name} ahead`, off],
  ...(off > 100 * YEAR ? [] : [[`${name} behind`, -off] as [string, number]]),
]);

describe.each([
  ["the server's", "server"],
  ["this machine's", "local"],
] as const)("%s clock", (_words, side) => {
  test.each(wrong)(
    "%s: nothing is lost, in a first sync or in a later one",
    async (_name, off) => {
      for (const first of [true, false]) {
        const lab = await setUp();
        if (!first) {
          await lab.run();
          lab.pass(HOUR);
          lab.sandbox.change(60);
        }
        if (side === "server") lab.sandbox.play({ clockOffsetMs: off });
        const during = await lab.run(side === "local" ? off : 0);
        expect(during.exitCode).toBe(0);
        expectHonest(lab);
        expectEqual(lab);
        lab.sandbox.change(90);
        lab.sandbox.play({});
        lab.pass(5 * MINUTE);
        expect((await lab.run()).exitCode).toBe(0);
        expectEqual(lab);
      }
    },
    60_000,
  );
});

test("a server without a clock, and this machine three days ahead: nothing is lost", async () => {
  const lab = await setUp({ clockAbsent: true });
  for (let run = 0; run < 4; run += 1) {
    await lab.run(3 * DAY);
    lab.sandbox.change(30);
    lab.pass(5 * MINUTE);
  }
  lab.pass(MINUTE);
  await lab.run(3 * DAY);
  expectEqual(lab);
});

describe("an index that stands still", () => {
  test.each([
    ["for a day", DAY, 5],
    ["for ten days", 10 * DAY, 3],
  ])(
    "%s, with changes and syncs: once it has caught up, the next ordinary sync is equal",
    async (_n, ms, syncs) => {
      const lab = await setUp();
      await lab.run();
      lab.pass(HOUR);
      lab.sandbox.change(40);
      await lab.run();
      lab.sandbox.play(quirksOf(["index-stalled"]));
      for (let n = 0; n < syncs; n += 1) {
        lab.pass(ms / syncs);
        lab.sandbox.change(60);
        expect([0, 6]).toContain((await lab.run()).exitCode);
        expectHonest(lab);
      }
      lab.sandbox.play({});
      lab.pass(MINUTE);
      expect((await lab.run()).exitCode).toBe(0);
      expectEqual(lab);
    },
  );

  test("during a first sync, likewise", async () => {
    const lab = await setUp({ indexStalled: true }, 3_000);
    lab.pass(DAY);
    lab.sandbox.change(800);
    await lab.run();
    lab.pass(HOUR);
    lab.sandbox.change(100);
    await lab.run();
    lab.sandbox.play({});
    lab.pass(MINUTE);
    await lab.run();
    expectEqual(lab);
  });
});

describe("a state that claims more than was ever seen", () => {
  /** As an earlier version wrote it, under a server's clock that was ahead. */
  function poison({ path }: Lab, horizon: string): void {
    const db = new Database(path);
    for (const { stream, state } of db
      .query<{ stream: string; state: string }, []>("SELECT stream, state FROM _sync_state")
      .all()) {
      const { v, start, scan, full, fullReadAt } = JSON.parse(state) as Record<string, unknown>;
      if (v !== 2) continue;
      const all = [["1900-01-01T00:00:00.000Z", horizon]];
      const old = {
        v: 1,
        start,
        horizon,
        done: { search: all, archive: all },
        ties: [],
        scan,
        full,
        fullReadAt,
      };
      db.query("UPDATE _sync_state SET state = ?, synced_to = ? WHERE stream = ?").run(
        JSON.stringify(old),
        horizon,
        stream,
      );
    }
    db.close();
  }

  const horizons: [string, (now: number) => string][] = [
    ["20 minutes ahead", (now) => new Date(now + 20 * MINUTE).toISOString()],
    ["in the year 2100", () => "2100-01-01T00:00:00.000Z"],
    ["in a year of five digits", () => "+012026-11-24T00:00:00.000Z"],
    ["in the past, though a clock only said so", (now) => new Date(now + 2 * HOUR).toISOString()],
  ];
  test.each(horizons)("%s is cut back by any sync: what changed since comes", async (_name, horizonAt) => {
    const lab = await setUp();
    await lab.run();
    poison(lab, horizonAt(lab.now()));
    lab.sandbox.change(90);
    lab.pass(3 * HOUR);
    expect((await lab.run()).exitCode).toBe(0);
    expectEqual(lab);
    expectHonest(lab);
  });
});

test("after 20,000 rows were edited at once at the end of quiet streams, each costs one search in a calm sync", async () => {
  const lab = await setUp({}, 30_000);
  const searches = ({ streams }: Outcome) =>
    streams
      .filter(({ stream }) => STREAMS.find(({ name }) => name === stream)!.read.by === "search")
      .map(({ requests }) => requests);
  await lab.run();
  lab.pass(DAY);
  await lab.run();
  expect((await lab.run()).requests).toBeLessThanOrEqual(12);
  lab.sandbox.change(20_000);
  await lab.run();
  lab.pass(HOUR);
  // Read once more, for rows that the index showed late; then it is settled.
  await lab.run();
  for (let run = 0; run < 3; run += 1) expect(searches(await lab.run())).toEqual([1, 1, 1, 1, 1]);
  lab.pass(DAY);
  expect(searches(await lab.run())).toEqual([1, 1, 1, 1, 1]);
  expectEqual(lab);
}, 120_000);
