/**
 * What every destination must keep, whatever it is made of: rows and the state after them together, never the state
 * before the rows, and from what was kept a run that was cut off anywhere goes on. A destination is put through it by
 * saying how it is opened, how it is cut off, and what somebody who reads it has at any moment.
 */
import { afterEach, describe, expect, test } from "bun:test";
import type { Batch, Destination, Run, RunStart, StoredState } from "../../src/destination/destination.ts";
import { AppError } from "../../src/lib/errors.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Stream } from "../../src/streams/define.ts";
import { findStream, STREAMS } from "../../src/streams/index.ts";
import { runSync } from "../../src/sync/run.ts";
import { meetAccount, versionOf } from "../sync/harness.ts";

/** What somebody who reads a destination has of a stream. */
export type Kept = {
  /** `ID VERSION live` or `deleted` of each row, by id, as `versionOf` writes it. */
  readonly rows: readonly string[];
  readonly state: unknown;
};

export type Subject = {
  /** Opens a run that goes on from what was kept. */
  readonly open: (start: RunStart) => Promise<Run>;
  /** Ends a run as a kill would, in place of `finish` and `close`. */
  readonly crash: (run: Run) => void | Promise<void>;
  /** What somebody has who reads it now, and, where it is read as it comes, at each moment since it was asked last. */
  readonly kept: (stream: Stream) => readonly Kept[];
  readonly end: () => void | Promise<void>;
};

const NOW = Date.UTC(2026, 10, 23, 12);
const START: RunStart = {
  startedAt: new Date(NOW).toISOString(),
  version: "0.0.0",
  api: "http://127.0.0.1:1",
  org: "org-1",
  streams: STREAMS.map(({ name }) => name),
};
const CUSTOMERS = findStream("customers")!;
const TAGS = findStream("tags")!;

const stateOf = (n: number): StoredState => ({
  ...{ state: { n }, syncedTo: new Date(NOW).toISOString(), complete: false, start: null, counted: null },
});

const made = (stream: Stream, nth: number, version = 0, more: Record<string, unknown> = {}): Resource => ({
  id: `row-${String(nth).padStart(4, "0")}`,
  type: stream.type,
  attributes: { name: `a name, "quoted", of ${nth}`, updatedAt: timeOf(nth, version), ...more },
});
const timeOf = (nth: number, version: number) => new Date(NOW - 1e6 + nth * 1_000 + version).toISOString();

/** Puts a destination through all of it; `create` makes one that holds nothing. */
export function conform(name: string, create: () => Subject | Promise<Subject>): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function begin(): Promise<Subject> {
    const subject = await create();
    ends.push(subject.end);
    return subject;
  }

  const last = (subject: Subject, stream: Stream): Kept => subject.kept(stream).at(-1)!;
  const commit = async ({ destination }: Run, batch: Omit<Batch, "now">) =>
    destination.commit({ ...batch, now: NOW });

  describe(`${name}, as a destination,`, () => {
    test("holds nothing at first, and says so", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      expect([run.isNew, run.resumes, run.destination.loadState(CUSTOMERS)]).toEqual([true, false, null]);
      await subject.crash(run);
    });

    test("never has a state before all rows that it speaks of, at whatever moment it is read", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      for (let n = 1; n <= 12; n += 1) {
        for (const stream of [CUSTOMERS, TAGS]) {
          const rows = Array.from({ length: 20 }, (_, i) => made(stream, n * 20 + i));
          await commit(run, { stream, rows, state: stateOf(n) });
          for (const { rows, state } of subject.kept(stream)) {
            const reached = (state as { n: number } | null)?.n ?? 0;
            expect(rows.length).toBeGreaterThanOrEqual(reached * 20);
          }
          expect(last(subject, stream)).toMatchObject({ state: { n } });
          expect(last(subject, stream).rows).toHaveLength(n * 20);
        }
      }
      await subject.crash(run);
    });

    test("keeps the state that it has where a batch brings none", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      await commit(run, { stream: TAGS, rows: [made(TAGS, 1)], state: stateOf(1) });
      await commit(run, { stream: TAGS, rows: [made(TAGS, 2)], state: null });
      await commit(run, { stream: CUSTOMERS, rows: [made(CUSTOMERS, 2)], state: stateOf(7) });
      expect(last(subject, TAGS)).toMatchObject({ state: { n: 1 } });
      await subject.crash(run);
      const next = await subject.open(START);
      expect(next.destination.loadState(TAGS)?.state).toEqual({ n: 1 });
      expect(next.destination.loadState(CUSTOMERS)?.state).toEqual({ n: 7 });
      expect([next.isNew, next.resumes]).toEqual([false, true]);
      await subject.crash(next);
    });

    test("keeps nothing of a batch that it refuses", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      await commit(run, { stream: TAGS, rows: [made(TAGS, 1)], state: stateOf(1) });
      const before = last(subject, TAGS);
      const rows = [made(TAGS, 2), { ...made(TAGS, 3), id: "half a \ud800 character" }];
      await expect(commit(run, { stream: TAGS, rows, state: stateOf(2) })).rejects.toThrow(AppError);
      for (const kept of subject.kept(TAGS)) expect(kept).toEqual(before);
      await subject.crash(run);
    });

    test("has the newest version of a row, in whatever order they come", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      for (const versions of [[0, 5], [5, 3], [4], [5]]) {
        const rows = versions.map((version) => made(CUSTOMERS, 1, version));
        await commit(run, { stream: CUSTOMERS, rows, state: null });
      }
      expect(last(subject, CUSTOMERS).rows).toEqual([versionOf("row-0001", timeOf(1, 5), false)]);
      await subject.crash(run);
    });

    test("tells deleted rows from live ones, by their own word or by the listing that they come in", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      const deleted = made(CUSTOMERS, 2, 0, { deleted: true, deletedAt: timeOf(2, 0) });
      await commit(run, { stream: CUSTOMERS, rows: [made(CUSTOMERS, 1), deleted], state: null });
      await commit(run, { stream: CUSTOMERS, rows: [made(CUSTOMERS, 3)], state: null, deleted: true });
      const isDeleted = last(subject, CUSTOMERS).rows.map((row) => row.endsWith("deleted"));
      expect(isDeleted).toEqual([false, true, true]);
      await subject.crash(run);
    });

    test("knows after a run that came to its end that none was cut short", async () => {
      const subject = await begin();
      const run = await subject.open(START);
      await commit(run, { stream: TAGS, rows: [made(TAGS, 1)], state: stateOf(1) });
      const streams = START.streams.map((stream) => ({ stream, status: "done" }));
      const end = { finished_at: START.startedAt, status: "done", requests: 1, waited_ms: 0, streams };
      await run.finish(end);
      await run.close();
      const next = await subject.open(START);
      expect([next.isNew, next.resumes]).toEqual([false, false]);
      await subject.crash(next);
    });

    test("takes a whole account, cut off after any commit and gone on with, once and again", async () => {
      const account = await startSandbox({ rows: 300, seed: 3, rpm: 1e6, searchRpm: 1e6 });
      ends.push(account.stop);
      const subject = await begin();
      let most = 1;
      for (let runs = 1; ; runs += 1) {
        expect(runs).toBeLessThan(60);
        const { stopped } = await syncInto(subject, account, most);
        if (stopped === null) break;
        most += runs % 3;
      }
      for (const stream of STREAMS) expect(last(subject, stream).rows).toEqual(truthOf(account, stream));
      account.change(40);
      expect((await syncInto(subject, account, Number.POSITIVE_INFINITY)).stopped).toBeNull();
      for (const stream of STREAMS) expect(last(subject, stream).rows).toEqual(truthOf(account, stream));
    });
  });
}

/** A sync of an account that ends, as by a kill, before the commit after so many. */
async function syncInto(subject: Subject, account: Sandbox, most: number) {
  const { api, clocks, abort, denied } = await meetAccount(account);
  const run = await subject.open(START);
  let commits = 0;
  const destination: Destination = {
    ...run.destination,
    commit: (batch) => {
      commits += 1;
      if (commits > most) throw new AppError("interrupted", "cut off by the test");
      return run.destination.commit(batch);
    },
  };
  const options = { streams: STREAMS, start: null, lookbackMs: 900_000, concurrency: 4, full: false };
  const { resumes } = run;
  const outcome = await runSync(api, destination, { ...options, resumes, clocks, abort }, denied);
  await subject.crash(run);
  return outcome;
}

function truthOf(account: Sandbox, { name }: Stream): string[] {
  return [...account.truth(name)].map((row) => versionOf(row.id, row.updatedAt, row.deleted)).sort();
}
