/** The engine against the whole sandbox: nine streams, seeded data, and whatever it does to them. */
import { afterEach, describe, expect, test } from "bun:test";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { refuse, relay } from "../e2e/relay.ts";
import { createHarness, type Harness, versionOf } from "./harness.ts";

const MINUTE = 60_000;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Lab = Harness & { readonly sandbox: Sandbox };

async function setUp(options: SandboxOptions = {}): Promise<Lab> {
  const free = { rpm: 1_000_000, searchRpm: 1_000_000 };
  const sandbox = await startSandbox({ rows: 1_500, ...free, ...options });
  const harness = createHarness(sandbox);
  ends.push(() => sandbox.stop(), harness.end);
  return { ...harness, sandbox };
}

function expectEqual({ sandbox, held }: Lab): void {
  for (const { name } of STREAMS) {
    const truth = [...sandbox.truth(name)].map((row) => versionOf(row.id, row.updatedAt, row.deleted));
    expect([name, held(name)]).toEqual([name, truth.sort()]);
  }
}

test("all nine streams come whole; unchanged, they cost at most 16 requests and write nothing", async () => {
  const lab = await setUp();
  const first = await lab.sync();
  expect(first.streams.map(({ status, error }) => [status, error])).toEqual(
    STREAMS.map(() => ["done", null]),
  );
  expectEqual(lab);
  const second = await lab.sync();
  expect(second.requests).toBeLessThanOrEqual(16);
  expect(second.streams.map(({ written, deleted }) => written + deleted)).toEqual(STREAMS.map(() => 0));
});

const contexts = STREAMS.flatMap(({ read }) => (read.by === "search" ? [read.context] : []));
const faults = { "500": 0.05, cut: 0.05, badjson: 0.05, timedout: 0.1, short: 0.1 };

describe("though rows change at every commit, a last quiet sync leaves all nine equal", () => {
  const days: [string, SandboxOptions, number][] = [
    ["in order", {}, 400],
    ["in no order", { quirks: { unsorted: contexts } }, 2_500],
    ["with a cap of 1,000 rows", { quirks: { maxRows: 1_000 }, rows: 6_000 }, 400],
    ["with faults of many kinds", { faults }, 400],
  ];
  for (const [name, options, most] of days) {
    test(name, async () => {
      const lab = await setUp(options);
      const { sandbox } = lab;
      const busy = await lab.sync([], { most, onCommit: () => void sandbox.change(3) });
      expect(busy.streams.map(({ status }) => status)).toEqual(STREAMS.map(() => "done"));
      expect((await lab.sync([], { most })).exitCode).toBe(0);
      expectEqual(lab);
    });
  }
});

test("rows that were purged are marked by a full read, all of them and no others, also while others change", async () => {
  const lab = await setUp({ rows: 3_000 });
  await lab.sync();
  const searched = STREAMS.filter(({ read }) => read.by === "search").map(({ name }) => name);
  const purged = new Map(searched.map((name) => [name, lab.sandbox.purge(name, 12)]));
  let changes = 0;
  const onCommit = () => {
    if (changes++ < 15) lab.sandbox.change(3);
  };
  const { exitCode, requests } = await lab.sync([], { full: true, onCommit, lookbackMs: MINUTE });
  expect(exitCode).toBe(0);
  // Each stream once, and two rounds or three for what changed meanwhile.
  expect(requests).toBeLessThan(120);
  await lab.sync();
  for (const [name, ids] of purged) {
    const live = [...lab.sandbox.truth(name)].map((row) => versionOf(row.id, row.updatedAt, row.deleted));
    const gone = new Set(ids);
    const held = lab.held(name);
    expect(held.filter((row) => !gone.has(row.split(" ")[0]!))).toEqual(live.sort());
    expect(held.filter((row) => gone.has(row.split(" ")[0]!)).every((row) => row.endsWith("deleted"))).toBe(
      true,
    );
  }
});

test("a role that is missing is told apart from a key that is no good, though both are answered 401", async () => {
  const lab = await setUp({ withoutRole: ["notes", "tags"], quirks: { roleStatus: 401 } });
  const { streams, stopped, exitCode } = await lab.sync();
  expect([stopped, exitCode]).toEqual([null, 6]);
  const skipped = streams.filter(({ status }) => status === "skipped").map(({ stream }) => stream);
  expect(skipped).toEqual(["notes", "tags"]);
  expect(streams.filter(({ status }) => status === "done")).toHaveLength(STREAMS.length - 2);
});

test("years later, what grew old meanwhile is still there, and new rows come", async () => {
  let ahead = 0;
  const lab = await setUp({ now: () => Date.now() + ahead });
  await lab.sync();
  for (const months of [7, 20, 30]) {
    ahead = months * 30 * 24 * 60 * MINUTE;
    lab.sandbox.change(60);
    expect((await lab.sync([], { most: 60 })).exitCode).toBe(0);
    expectEqual(lab);
  }
});

test("rows that the index shows late, within the look-back, come with the next run", async () => {
  let ahead = 0;
  const lab = await setUp({ now: () => Date.now() + ahead, quirks: { indexLagMs: 5 * MINUTE } });
  const lookbackMs = 15 * MINUTE;
  ahead += 10 * MINUTE;
  await lab.sync([], { lookbackMs });
  for (let i = 0; i < 3; i += 1) {
    lab.sandbox.change(40);
    ahead += 2 * MINUTE;
    await lab.sync([], { lookbackMs });
  }
  ahead += 6 * MINUTE;
  await lab.sync([], { lookbackMs });
  expectEqual(lab);
});

test("though the two-year border moves on between a run that has the old rows and the next, that one ends", async () => {
  let now = Date.UTC(2026, 10, 23, 12);
  const { sandbox } = await setUp({ rows: 3_000, now: () => now });
  const oldCame = Promise.withResolvers<void>();
  let searches = 0;
  await using front = relay(sandbox.url, ({ path }) => {
    if (path.includes("/archive/")) oldCame.resolve();
    if (!path.startsWith("/v1/customers/search")) return null;
    // The first is waited for before others are sent.
    if (++searches === 1) return refuse(503, "busy", "not now");
    return oldCame.promise.then(() => refuse(400, "later", "not now"));
  });
  const broken = createHarness({ url: front.url, apiKey: sandbox.apiKey });
  ends.push(broken.end);
  const options = { concurrency: 2, lookbackMs: 15 * MINUTE };
  expect((await broken.sync(["customers"], options)).status).toBe("failed");
  const [old] = broken.query("SELECT count(*) AS n FROM customers WHERE updated_at < '2024-11-20'");
  expect(old!.n).toBeGreaterThan(0);
  now += 10_000;
  const { streams } = await broken.sync(["customers"], { ...options, url: sandbox.url });
  expect([streams[0]!.status, streams[0]!.error]).toEqual(["done", null]);
});
