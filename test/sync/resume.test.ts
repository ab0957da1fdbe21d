/** Stopped after any commit, a sync goes on: nothing is lost, and only what was under way is asked again. */
import { afterEach, describe, expect, test } from "bun:test";
import { createLab, type Lab } from "./harness.ts";
import { type Quirks, recently, rowsAt, type StandInRow } from "./stand-in.ts";

const DAY = 86_400_000;
const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

const now = Date.now();
function account(): StandInRow[] {
  const old = Array.from({ length: 60 }, (_, i) => now - 900 * DAY + i * 3_600_000);
  const tie = Array<number>(45).fill(now - 20 * DAY);
  return rowsAt("message", [...recently(150), ...tie, ...old]);
}

function setUp(quirks: Quirks = {}): Lab {
  const lab = createLab({ maxPageSize: 10, ...quirks });
  labs.push(lab);
  lab.api.rows.set("message", account());
  return lab;
}

describe("stopped once", () => {
  for (const concurrency of [1, 4]) {
    test(`after any commit, with ${concurrency} at once: equal, hardly a page asked twice`, async () => {
      const whole = setUp();
      const { requests, commits } = await whole.sync(["messages"], { concurrency });
      for (let stop = 0; stop < commits; stop += concurrency === 1 ? 2 : 3) {
        const lab = setUp();
        const first = await lab.sync(["messages"], { concurrency, commits: stop });
        expect(first.status).toBe("interrupted");
        const second = await lab.sync(["messages"], { concurrency });
        expect(second.exitCode).toBe(0);
        expect(lab.held("messages")).toEqual(lab.truth("message"));
        // What was under way, both sources' open ends, and what stands at the horizon, which is a tie here.
        expect(first.requests + second.requests).toBeLessThanOrEqual(requests + concurrency + 3);
        lab.end();
        labs.splice(labs.indexOf(lab), 1);
      }
    });
  }
});

describe("stopped after every few commits", () => {
  async function stopOften(commits: number): Promise<void> {
    const whole = setUp();
    const { requests } = await whole.sync(["messages"], { concurrency: 1 });
    const lab = setUp();
    let asked = 0;
    let runs = 0;
    for (let status = "interrupted"; status === "interrupted"; runs += 1) {
      // Each goes on by a commit at least.
      expect(runs).toBeLessThanOrEqual(2 * requests);
      const outcome = await lab.sync(["messages"], { concurrency: 1, commits, most: 10 });
      status = outcome.status;
      asked += outcome.requests;
    }
    expect(lab.held("messages")).toEqual(lab.truth("message"));
    // And what stands at the horizon, once.
    expect(asked).toBeLessThanOrEqual(requests + 2 * runs + 3);
  }

  test("it comes to its end, with two pages asked again for each stop", () => stopOften(5));

  test("runs of two commits bring every row, though to end takes a few more", async () => {
    const whole = setUp();
    const { requests } = await whole.sync(["messages"], { concurrency: 1 });
    const lab = setUp();
    for (let runs = 0; runs < requests; runs += 1) {
      await lab.sync(["messages"], { concurrency: 1, commits: 2, most: 10 });
    }
    expect(lab.held("messages")).toEqual(lab.truth("message"));
    const last = await lab.sync(["messages"], { concurrency: 1 });
    expect(last.exitCode).toBe(0);
    // Both sources' open ends, the instant of the horizon, and whether the index knows it.
    expect(last.requests).toBeLessThanOrEqual(8);
  });
});

test("a stop between rows and state is none: both are there, or neither", async () => {
  const lab = setUp();
  // So many that both sources claim something.
  await lab.sync(["messages"], { concurrency: 1, commits: 27 });
  const [before] = lab.query("SELECT state FROM _sync_state WHERE stream = 'messages'");
  const rows = lab.held("messages");
  // A run that is stopped before its first commit leaves all as it was.
  await lab.sync(["messages"], { concurrency: 1, commits: 0 });
  expect(lab.query("SELECT state FROM _sync_state WHERE stream = 'messages'")).toEqual([before!]);
  expect(lab.held("messages")).toEqual(rows);
  const { done } = JSON.parse(String(before!.state)) as { done: Record<string, [string, string][]> };
  // What the state calls read is there.
  const read = lab.api.rows
    .get("message")!
    .filter(({ updatedAt }) =>
      ["search", "archive"].every((source) =>
        done[source]!.some(([from, to]) => from <= updatedAt && updatedAt < to),
      ),
    );
  expect(read.length).toBeGreaterThan(0);
  for (const { id } of read) expect(rows.some((row) => row.startsWith(id))).toBe(true);
});

test("rows that change between the runs are read in their newest version", async () => {
  const lab = setUp();
  await lab.sync(["messages"], { concurrency: 1, commits: 12 });
  for (const [i, row] of lab.api.rows.get("message")!.entries()) {
    if (i % 7 === 0)
      Object.assign(row, { updatedAt: new Date().toISOString(), rev: 2, deleted: i % 2 === 0 });
  }
  await lab.sync(["messages"], { concurrency: 3, commits: 9 });
  await lab.sync(["messages"]);
  expect(lab.held("messages")).toEqual(lab.truth("message"));
});

test("unsorted, timing out and stopped: it comes to its end all the same", async () => {
  const lab = setUp({ unsorted: true, timedOutEvery: 4 });
  let runs = 0;
  for (let status = "interrupted"; status === "interrupted"; runs += 1) {
    // How far the ranges were halved is not kept: a run has to come from two years to one page, and on.
    ({ status } = await lab.sync(["messages"], { commits: 60, most: 200 }));
    expect(runs).toBeLessThan(30);
  }
  expect(runs).toBeGreaterThan(2);
  expect(lab.held("messages")).toEqual(lab.truth("message"));
});
