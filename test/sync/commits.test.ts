/** Batches are kept one after the other, and no state that claims what was refused. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Batch, Committed, StoredState } from "../../src/destination/destination.ts";
import { AppError } from "../../src/lib/errors.ts";
import { findStream, STREAMS } from "../../src/streams/index.ts";
import { createCommits } from "../../src/sync/commits.ts";
import { createLab, type Lab } from "./harness.ts";
import { recently, rowsAt } from "./stand-in.ts";

const state = (n: number): StoredState => ({
  ...{ state: { n }, syncedTo: null, complete: false, start: null, counted: null },
});
const batch = (name: string, n: number, more: Partial<Batch> = {}): Batch => ({
  ...{ stream: findStream(name)!, rows: [{ id: `${n}`, attributes: {} }], state: state(n), now: 0, ...more },
});
const numberOf = ({ stream, state }: Batch) => `${stream.name} ${(state!.state as { n: number }).n}`;
const DONE: Committed = { written: 1, deleted: 0 };

test("a destination that need not be waited for has kept a batch when the call returns", async () => {
  const kept: string[] = [];
  const { commit } = createCommits({
    loadState: () => null,
    commit: (batch) => {
      kept.push(numberOf(batch));
      return DONE;
    },
  });
  const waiting = commit(batch("tags", 1));
  expect(kept).toEqual(["tags 1"]);
  expect(await waiting).toEqual(DONE);
});

test("one that is slow is given one batch at a time, in order, and has all of them in the end", async () => {
  const kept: string[] = [];
  let busy = 0;
  const { commit, settled } = createCommits({
    loadState: () => null,
    commit: async (batch) => {
      busy += 1;
      expect(busy).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
      kept.push(numberOf(batch));
      return DONE;
    },
  });
  for (let n = 1; n <= 9; n += 1) void commit(batch(n % 2 === 0 ? "tags" : "teams", n));
  await settled();
  expect(kept).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${n % 2 === 0 ? "tags" : "teams"} ${n}`));
});

describe("after a batch that was refused", () => {
  const refusing = (code: "store-io" | "sweep-refused", slowly: boolean) => {
    const kept: string[] = [];
    const commits = createCommits({
      loadState: () => null,
      commit: (given) => {
        const keep = () => {
          if (numberOf(given) === "tags 2") throw new AppError(code, "no");
          kept.push(numberOf(given));
          return DONE;
        };
        return slowly ? new Promise((resolve) => setImmediate(resolve)).then(keep) : keep();
      },
    });
    return { ...commits, kept };
  };

  test.each([false, true])("no later one of its stream is kept; waited for: %p", async (slowly) => {
    const { commit, kept, settled } = refusing("store-io", slowly);
    const given = [
      ["tags", 1],
      ["tags", 2],
      ["tags", 3],
      ["teams", 4],
      ["tags", 5],
    ] as const;
    const ends = await Promise.allSettled(given.map(([name, n]) => commit(batch(name, n))));
    await settled();
    expect(kept).toEqual(["tags 1", "teams 4"]);
    expect(ends.map(({ status }) => status === "fulfilled")).toEqual([true, false, false, true, false]);
  });

  test("but for a sweep, which brought no rows", async () => {
    const { commit, kept } = refusing("sweep-refused", true);
    await commit(batch("tags", 1));
    await expect(commit(batch("tags", 2, { rows: [], sweep: new Set() }))).rejects.toThrow("no");
    await commit(batch("tags", 3));
    expect(kept).toEqual(["tags 1", "tags 3"]);
  });
});

describe("a whole account", () => {
  const NAMES = STREAMS.filter(({ isSetting }) => !isSetting).map(({ name }) => name);
  const labs: Lab[] = [];
  afterEach(() => {
    for (const lab of labs.splice(0)) lab.end();
  });
  const setUp = () => {
    const lab = createLab({ maxPageSize: 40 });
    labs.push(lab);
    const now = Date.now();
    lab.api.rows.set("message", rowsAt("message", [...recently(900), ...Array<number>(90).fill(now - 8e8)]));
    lab.api.rows.set("/v1/users", rowsAt("user", recently(150)));
    return lab;
  };

  test.each([1, 8])("is kept by a destination that is slow, with %d at once", async (concurrency) => {
    const lab = setUp();
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, streams } = await lab.sync(NAMES, { slowly: true, concurrency, audits: true });
      expect([exitCode, streams.map(({ status }) => status)]).toEqual([0, NAMES.map(() => "done")]);
      expect(lab.held("messages")).toEqual(lab.truth("message"));
    }
  });

  test.each([1, 8])(
    "is whole after runs in which a commit fails while others wait, %d at once",
    async (concurrency) => {
      const lab = setUp();
      for (let commits = 0; commits < 24; commits += 3) {
        await lab.sync(NAMES, { slowly: true, concurrency, commits });
      }
      expect((await lab.sync(NAMES, { concurrency })).exitCode).toBe(0);
      expect(lab.held("messages")).toEqual(lab.truth("message"));
      expect(lab.query("SELECT count(*) AS n FROM users")).toEqual([{ n: 150 }]);
    },
  );
});
