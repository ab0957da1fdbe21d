/**
 * The engine against each reading of what sources on Kustomer disagree about, alone and together: the file ends
 * equal to what the account holds, or the run says what it could not have.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { quirksOf, READING_NAMES, type ReadingName } from "../../src/sandbox/readings.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { createHarness, type Harness, versionOf } from "./harness.ts";

const MINUTE = 60_000;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Lab = Harness & { readonly sandbox: Sandbox; readonly pass: (ms: number) => void };

async function setUp(names: readonly ReadingName[], seed = 1): Promise<Lab> {
  let ahead = 0;
  const limits = { rpm: 1_000_000, searchRpm: 1_000_000 };
  const now = () => Date.now() + ahead;
  const pass = (ms: number) => {
    ahead += ms;
  };
  const quirks = quirksOf(names);
  // Of an account as large as that these would be a matter of minutes.
  if (quirks.maxRows !== undefined) quirks.maxRows = 1_000;
  if (quirks.mostTotal !== undefined) quirks.mostTotal = 1_000;
  const sandbox = await startSandbox({ rows: 2_500, seed, ...limits, now, quirks, withoutRole: [] });
  const harness = createHarness(sandbox);
  ends.push(() => sandbox.stop(), harness.end);
  // This machine's clock is right, whatever the server says.
  const sync: Harness["sync"] = (streams, options = {}) =>
    harness.sync(streams, { local: now(), ...options });
  return { ...harness, sync, sandbox, pass };
}

/** Two runs while the account changes, and one when it no longer does. */
async function syncThrough({ sync, sandbox, pass }: Lab) {
  const options = { most: 4_000, lookbackMs: 15 * MINUTE };
  for (let run = 0; run < 2; run += 1) {
    let changes = 0;
    const onCommit = () => {
      if (changes++ < 60) sandbox.change(3);
    };
    await sync([], { ...options, onCommit });
    pass(MINUTE);
  }
  return sync([], options);
}

function truthOf({ sandbox }: Lab, stream: string): string[] {
  return [...sandbox.truth(stream)].map((row) => versionOf(row.id, row.updatedAt, row.deleted)).sort();
}

function expectEqual(lab: Lab): void {
  for (const { name } of STREAMS) expect([name, lab.held(name)]).toEqual([name, truthOf(lab, name)]);
}

function without(rows: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return rows.filter((row) => !known.has(row));
}

const isArchive = (name: ReadingName) => name.startsWith("archive-");
/** What a sync cannot see, and a full read can. */
const UNSEEN: readonly ReadingName[] = ["delete-unmoved", "deleted-hidden"];
/** What no sync can read through: while it lasts some streams are not done, and said not to be. */
const UNREADABLE: readonly ReadingName[] = [
  "total-phantom",
  "timed-out",
  "answers-empty",
  "answers-206",
  "context-ignored",
  "list-unending",
  "users-deleted-refused",
  "users-pending-refused",
  "body-unending",
  "body-bomb",
];
/** Where nobody is shown some of the users. */
const HIDDEN: readonly ReadingName[] = ["users-deleted-ignored", "users-pending-ignored"];
/** Where one row cannot be kept. */
const UNKEPT: readonly ReadingName[] = ["row-nested"];
const KNOWABLE = READING_NAMES.filter(
  (name) => !isArchive(name) && ![UNSEEN, UNREADABLE, HIDDEN, UNKEPT].some((some) => some.includes(name)),
);
/** What has to be over before the file can be equal: an index that stands still shows nothing new. */
const PASSING: readonly ReadingName[] = ["index-stalled", "hits-edited"];

describe("after a quiet sync all nine streams are equal, though", () => {
  test.each(KNOWABLE)("%s", async (name) => {
    const lab = await setUp([name]);
    let last = await syncThrough(lab);
    if (PASSING.includes(name)) {
      lab.sandbox.play([]);
      last = await syncThrough(lab);
    }
    const { streams, exitCode } = last;
    expect([exitCode, streams.map(({ error }) => error)]).toEqual([0, STREAMS.map(() => null)]);
    expectEqual(lab);
  });

  const together: [number, ReadingName[]][] = [
    [2, ["cap-10000", "total-10000", "sort-never", "list-25", "reset-ms"]],
    [3, ["sort-customers", "index-lag", "border-overlap", "list-endless", "retry-after"]],
    [4, ["total-10000", "index-lag", "list-newest", "list-endless", "list-25", "role-401"]],
    [5, ["cap-10000", "border-overlap", "sort-never", "index-lag", "reset-delta", "reset-always"]],
  ];
  test.each(together)("of seed %d, %j", async (seed, names) => {
    const lab = await setUp(names, seed);
    expect((await syncThrough(lab)).exitCode).toBe(0);
    expectEqual(lab);
  });
});

describe("what cannot be read is said, ends, and is whole once it is over:", () => {
  test.each(UNREADABLE)(
    "%s",
    async (name) => {
      const lab = await setUp([name]);
      for (let run = 0; run < 2; run += 1) {
        const { exitCode, streams } = await lab.sync([], { most: 4_000, lookbackMs: 15 * MINUTE });
        expect(exitCode).not.toBe(0);
        for (const { stream, status, error } of streams) {
          if (status === "done") expect([stream, lab.held(stream)]).toEqual([stream, truthOf(lab, stream)]);
          else expect([stream, error]).not.toEqual([stream, null]);
        }
      }
      lab.sandbox.play([]);
      expect((await syncThrough(lab)).exitCode).toBe(0);
      expectEqual(lab);
    },
    120_000,
  );
});

describe("what no search tells, a full read finds:", () => {
  test("a row that is deleted and keeps its updatedAt", async () => {
    const lab = await setUp(["delete-unmoved"]);
    await syncThrough(lab);
    expect(lab.held("messages")).not.toEqual(truthOf(lab, "messages"));
    expect((await lab.sync([], { full: true })).exitCode).toBe(0);
    expectEqual(lab);
  });

  test("a row that is deleted and never found again; what lives is equal at all times", async () => {
    const lab = await setUp(["deleted-hidden"]);
    const expectLiveEqual = (mayHoldMore: boolean) => {
      for (const { name } of STREAMS) {
        const held = live(lab.held(name));
        const truth = live(truthOf(lab, name));
        expect([name, without(truth, held)]).toEqual([name, []]);
        if (!mayHoldMore) expect([name, held.length]).toEqual([name, truth.length]);
      }
    };
    await syncThrough(lab);
    expectLiveEqual(true);
    expect((await lab.sync([], { full: true })).exitCode).toBe(0);
    expectLiveEqual(false);
  });
});

const live = (rows: readonly string[]) => rows.filter((row) => row.endsWith(" live"));

test.each(HIDDEN)(
  "%s: whoever is shown is there, run after run, and nobody is taken for deleted",
  async (name) => {
    const lab = await setUp([name]);
    const invited = name === "users-pending-ignored" ? 2 : 0;
    for (let run = 0; run < 3; run += 1) {
      expect((await syncThrough(lab)).exitCode).toBe(0);
      for (const { name: stream } of STREAMS) {
        const [held, truth] = [lab.held(stream), truthOf(lab, stream)];
        if (stream !== "users") expect([stream, held]).toEqual([stream, truth]);
      }
      const [held, truth] = [live(lab.held("users")), live(truthOf(lab, "users"))];
      expect(without(held, truth)).toEqual([]);
      expect(without(truth, held).length).toBeLessThanOrEqual(invited);
    }
  },
);

test.each(UNKEPT)(
  "%s: the row is named by each run, all others are equal, and it comes once it can",
  async (name) => {
    const lab = await setUp([name]);
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, status, streams } = await lab.sync([], { most: 4_000, audits: true });
      expect([exitCode, status]).toEqual([6, "partial"]);
      const ids = streams.flatMap(({ kept_out }) => kept_out.map((words) => words.slice(0, 24)));
      expect(ids).toHaveLength(1);
      expect(streams.find(({ stream }) => stream === "messages")!.error?.message).toContain(ids[0]!);
      for (const { name: stream } of STREAMS) {
        const others = truthOf(lab, stream).filter((row) => !row.startsWith(ids[0]!));
        expect([stream, lab.held(stream)]).toEqual([stream, others]);
      }
    }
    lab.sandbox.play([]);
    expect((await lab.sync([], { most: 4_000, audits: true })).exitCode).toBe(0);
    expectEqual(lab);
  },
);

test.each(READING_NAMES.filter(isArchive))(
  "%s: the run says what it lacks, and the rest is equal",
  async (name) => {
    const lab = await setUp([name]);
    const { streams, exitCode, status } = await syncThrough(lab);
    expect([exitCode, status]).toEqual([6, "partial"]);
    const twoYears = new Date(lab.query("SELECT max(_synced_at) AS at FROM messages")[0]!.at as string);
    twoYears.setUTCFullYear(twoYears.getUTCFullYear() - 2);
    const lacks = ["conversations", "customers", "kobjects", "messages"];
    for (const { stream, status, error } of streams) {
      if (!lacks.includes(stream)) {
        expect([stream, status, lab.held(stream)]).toEqual([stream, "done", truthOf(lab, stream)]);
        continue;
      }
      expect([stream, status]).not.toEqual([stream, "done"]);
      expect(error!.message).toMatch(/archive|two years/);
      const recent = truthOf(lab, stream).filter((row) => row.split(" ")[1]! >= twoYears.toISOString());
      expect([stream, without(recent, lab.held(stream))]).toEqual([stream, []]);
    }
  },
);
