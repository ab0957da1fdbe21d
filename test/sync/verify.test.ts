/** What a file claims to hold, when a row that was not met is called gone, and what a repair makes of a state. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Counts, StoredState } from "../../src/destination/destination.ts";
import { findStream } from "../../src/streams/index.ts";
import type { Clocks } from "../../src/sync/clocks.ts";
import type { Range } from "../../src/sync/ranges.ts";
import { encodeListState, encodeSearchState } from "../../src/sync/state-codec.ts";
import { EARLIEST } from "../../src/sync/stream-state.ts";
import { heldFrom, repairedState } from "../../src/sync/verify.ts";
import { createLab, type Lab } from "./harness.ts";
import { recently, rowsAt } from "./stand-in.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const messages = findStream("messages")!;

type Pairs = [number, number][];
const ranges = (pairs: Pairs): Range[] => pairs.map(([from, to]) => ({ from, to }));

function stored(start: number, search: Pairs, archive: Pairs, horizon = NOW): StoredState {
  const state = {
    ...{ start, horizon, settled: true, isRead: true, since: NOW - DAY, first: false },
    done: { search: ranges(search), archive: ranges(archive) },
    ...{ ties: [], unproven: [], scan: null, full: null, fullReadAt: null, audit: null },
  };
  return encodeSearchState(state, NOW);
}

describe("a file holds a stream", () => {
  const since = NOW - 30 * DAY;
  const cases: [string, StoredState | null, number | null][] = [
    ["that was never synced, from the beginning", null, null],
    [
      "that was synced whole, from the beginning",
      stored(EARLIEST, [[EARLIEST, NOW]], [[EARLIEST, NOW]]),
      null,
    ],
    ["from its start date on", stored(since, [[since, NOW]], [[since, NOW]]), since],
    [
      "from the beginning when a start date came only later",
      stored(since, [[EARLIEST, NOW]], [[EARLIEST, NOW]]),
      null,
    ],
    [
      "from its start date on before all of it was read",
      stored(since, [[NOW - DAY, NOW]], [[since, NOW]]),
      since,
    ],
    ["from the beginning before all of it was read", stored(EARLIEST, [[since, NOW]], [[since, NOW]]), null],
  ];
  for (const [name, state, expected] of cases) {
    test(name, () => expect(heldFrom(messages, state)).toBe(expected));
  }

  test("that is a list, whole", () => {
    expect(heldFrom(findStream("tags")!, encodeListState({ readAt: NOW }, true))).toBeNull();
  });

  test("and a state that does not parse is told with its way out", () => {
    const broken = { state: { v: 7 }, syncedTo: null, complete: false, start: null, counted: null };
    expect(() => heldFrom(messages, broken)).toThrow(
      expect.objectContaining({ code: "store-state", hint: expect.stringContaining("reset messages") }),
    );
  });
});

describe("a repair", () => {
  const whole: Pairs = [[EARLIEST, NOW + 40 * DAY]];
  const counts = {
    newest: (_stream: unknown, before: number) => Math.min(before - 1, NOW - 2 * DAY),
  } as unknown as Counts;
  const horizonOf = (state: StoredState | null) => (state?.state as { horizon: string } | undefined)?.horizon;
  const right: Clocks = { server: NOW, local: NOW };

  test("leaves a state as it is that claims nothing beyond what was seen", () => {
    expect(repairedState(messages, stored(EARLIEST, whole, whole), right, counts)).toBeNull();
    expect(repairedState(messages, null, right, counts)).toBeNull();
    expect(
      repairedState(findStream("tags")!, encodeListState({ readAt: NOW }, true), right, counts),
    ).toBeNull();
  });

  test("cuts one back that claims the future", () => {
    const state = repairedState(messages, stored(EARLIEST, whole, whole, NOW + 30 * DAY), right, counts);
    expect(horizonOf(state)).toBe(new Date(NOW).toISOString());
    expect(Date.parse(state!.syncedTo!)).toBeLessThanOrEqual(NOW);
  });

  test("cuts one of version 1 back to the newest row of the file", () => {
    const horizon = new Date(NOW - HOUR).toISOString();
    const done = [[new Date(EARLIEST).toISOString(), horizon]];
    const state = {
      ...{ v: 1, start: done[0]![0], horizon, done: { search: done, archive: done } },
      ...{ ties: [], scan: null, full: null, fullReadAt: null },
    };
    const old = { state, syncedTo: horizon, complete: true, start: null, counted: null };
    const repaired = repairedState(messages, old, right, counts);
    expect(horizonOf(repaired)).toBe(new Date(NOW - 2 * DAY).toISOString());
    // What it is by then needs no repair.
    expect(repairedState(messages, repaired, right, counts)).toBeNull();
  });
});

describe("a row that was not met", () => {
  const labs: Lab[] = [];
  afterEach(() => {
    for (const lab of labs.splice(0)) lab.end();
  });

  /** A file that was synced, and has twelve rows of each age that are purged since. */
  async function setUp(): Promise<Lab & { readonly gone: string[] }> {
    const lab = createLab({ maxPageSize: 10 });
    labs.push(lab);
    const old = Array.from({ length: 40 }, (_, i) => Date.now() - 900 * DAY + i * HOUR);
    lab.api.rows.set("message", rowsAt("message", [...recently(120), ...old]));
    await lab.sync(["messages"]);
    const rows = lab.api.rows.get("message")!;
    lab.api.rows.set(
      "message",
      rows.filter((_, i) => i % 9 !== 0),
    );
    return { ...lab, gone: rows.filter((_, i) => i % 9 === 0).map(({ id }) => id) };
  }
  const deleted = (lab: Lab) =>
    lab
      .held("messages")
      .filter((row) => row.endsWith("deleted"))
      .map((row) => row.split(" ")[0]!);

  test("is gone, and told; it is marked where that is to be repaired, and is then no difference", async () => {
    const lab = await setUp();
    const found = await lab.verify(["messages"]);
    expect(found).toMatchObject({ exitCode: 6, streams: [{ extra: 18, missing: 0, stale: 0, repaired: 0 }] });
    expect(lab.gone).toEqual(expect.arrayContaining([...found.streams[0]!.examples.extra]));
    expect(deleted(lab)).toEqual([]);
    const repaired = await lab.verify(["messages"], { repair: true });
    expect(repaired).toMatchObject({ exitCode: 0, streams: [{ extra: 18, repaired: 18 }] });
    expect(deleted(lab)).toEqual(lab.gone.toSorted());
    expect(await lab.verify(["messages"])).toMatchObject({ exitCode: 0, streams: [{ extra: 0 }] });
  });

  test("because the index left it out for a time is asked for again, and is not called gone", async () => {
    const lab = await setUp();
    const sound = lab.api.rows.get("message")!;
    const ill = sound.filter((_, i) => i % 5 !== 0);
    lab.api.quirks.beforeSearch = (_count, { to }) =>
      void lab.api.rows.set("message", to === null ? ill : sound);
    const { streams } = await lab.verify(["messages"], { repair: true, concurrency: 1 });
    expect(streams[0]).toMatchObject({ extra: lab.gone.length, repaired: lab.gone.length });
    expect(deleted(lab)).toEqual(lab.gone.toSorted());
  });

  test("because it moved while the others were read is not called gone", async () => {
    const lab = await setUp();
    let moved = 0;
    lab.api.quirks.beforeSearch = () => {
      const rows = lab.api.rows.get("message")!;
      const row = rows[(moved * 37) % rows.length]!;
      if (moved++ < 40) Object.assign(row, { updatedAt: new Date().toISOString(), rev: row.rev + 1 });
    };
    const { streams } = await lab.verify(["messages"], { repair: true });
    expect(streams[0]).toMatchObject({ extra: lab.gone.length });
    expect(deleted(lab)).toEqual(lab.gone.toSorted());
  });

  test("is not called gone, nor counted as such, while no answer about it is whole", async () => {
    const lab = await setUp();
    const timedOut = { meta: { page: 1, pageSize: 10, total: 0, timed_out: true }, data: [], links: {} };
    lab.api.quirks.instead = ({ to }) => (to === null ? undefined : Response.json(timedOut));
    const { streams, exitCode } = await lab.verify(["messages"], { repair: true, concurrency: 1 });
    expect([exitCode, streams[0]?.extra, streams[0]?.error?.code]).toEqual([6, null, "incomplete"]);
    expect(deleted(lab)).toEqual([]);
  });

  test("is not called gone when what it may be in is refused", async () => {
    const lab = await setUp();
    lab.api.quirks.archiveStatus = 403;
    const { streams, exitCode } = await lab.verify(["messages"], { repair: true });
    expect([exitCode, streams[0]?.extra]).toEqual([6, null]);
    expect(deleted(lab)).toEqual([]);
  });

  test("is marked with none of the others when they are over a third, and all are told", async () => {
    const lab = await setUp();
    const rows = lab.api.rows.get("message")!;
    lab.api.rows.set("message", rows.slice(0, 60));
    const { streams, exitCode } = await lab.verify(["messages"], { repair: true });
    expect([exitCode, streams[0]?.error?.code, deleted(lab)]).toEqual([6, "sweep-refused", []]);
    await lab.verify(["messages"], { repair: true, force: true });
    expect(deleted(lab)).toHaveLength(100);
  });
});
