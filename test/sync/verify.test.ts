/** What a file claims to hold, and when a row that was not met is called gone. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/lib/errors.ts";
import type { Stream } from "../../src/streams/define.ts";
import { findStream } from "../../src/streams/index.ts";
import type { Comparison } from "../../src/sync/comparison.ts";
import { confirmExtra } from "../../src/sync/confirm-extra.ts";
import type { StreamReport } from "../../src/sync/report.ts";
import type { StoredState } from "../../src/sync/sink.ts";
import { EARLIEST, encodeListState, encodeSearchState } from "../../src/sync/stream-state.ts";
import { heldFrom } from "../../src/sync/verify.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const DAY = 86_400_000;
const MINUTE = 60_000;
const messages = findStream("messages")!;
const notes = findStream("notes")!;

describe("a file holds a stream", () => {
  const state = (start: number, search: [number, number][], archive: [number, number][]): StoredState => {
    const ranges = (pairs: [number, number][]) => pairs.map(([from, to]) => ({ from, to }));
    const done = { search: ranges(search), archive: ranges(archive) };
    return encodeSearchState({
      start,
      horizon: NOW,
      done,
      ties: [],
      scan: null,
      full: null,
      fullReadAt: null,
    });
  };
  const since = NOW - 30 * DAY;
  const cases: [string, StoredState | null, number | null][] = [
    ["that was never synced, from the beginning", null, null],
    [
      "that was synced whole, from the beginning",
      state(EARLIEST, [[EARLIEST, NOW]], [[EARLIEST, NOW]]),
      null,
    ],
    ["from its start date on", state(since, [[since, NOW]], [[since, NOW]]), since],
    [
      "from the beginning when a start date came only later",
      state(since, [[EARLIEST, NOW]], [[EARLIEST, NOW]]),
      null,
    ],
    [
      "from its start date on before all of it was read",
      state(since, [[NOW - DAY, NOW]], [[since, NOW]]),
      since,
    ],
    ["from the beginning before all of it was read", state(EARLIEST, [[since, NOW]], [[since, NOW]]), null],
  ];
  for (const [name, stored, expected] of cases) {
    test(name, () => expect(heldFrom(messages, stored)).toBe(expected));
  }

  test("that is a list, whole", () => {
    expect(heldFrom(findStream("tags")!, encodeListState({ readAt: NOW }))).toBeNull();
  });

  test("and a state that does not parse is told with its way out", () => {
    const stored = { state: { v: 7 }, syncedTo: null, complete: false };
    expect(() => heldFrom(messages, stored)).toThrow(
      expect.objectContaining({ code: "store-state", hint: expect.stringContaining("reset messages") }),
    );
  });
});

describe("a row that was not met", () => {
  /** Each round: how many rows turn up, and how long it takes. */
  type Round = { readonly found: number; readonly tookMs?: number; readonly fails?: boolean };

  /** Plays rounds for streams of ten suspects each. */
  async function play(rounds: readonly Round[], streams: readonly Stream[] = [messages]) {
    let clock = NOW + 10 * MINUTE;
    const left = new Map(streams.map((stream) => [stream, 10]));
    const asked: { from: number; now: number; streams: string[] }[] = [];
    const comparison = {
      dropNoted: (stream: Stream) => {
        const dropped = rounds[asked.length - 1]!.found;
        left.set(stream, left.get(stream)! - dropped);
        return { dropped, left: left.get(stream)! };
      },
    } as unknown as Comparison;
    const unsure = await confirmExtra(streams, comparison, {
      since: NOW,
      lookbackMs: 15 * MINUTE,
      clock: async () => clock,
      read: async (chosen, from, now) => {
        asked.push({ from, now, streams: chosen.map(({ name }) => name) });
        const round = rounds[asked.length - 1]!;
        clock += round.tookMs ?? 1_000;
        const error = new AppError("api", "answered 500").report();
        const report = (name: string): StreamReport => ({
          ...{ stream: name, read: 0, written: 0, deleted: 0, rejected: 0, requests: 1, synced_to: null },
          ...(round.fails ? { status: "failed", error } : { status: "done", error: null }),
        });
        return { streams: chosen.map(({ name }) => report(name)), stopped: null };
      },
    });
    return { unsure, asked };
  }

  test("is gone when a reading of what changed since does not meet it either", async () => {
    const { unsure, asked } = await play([{ found: 0 }]);
    expect(unsure.size).toBe(0);
    expect(asked).toEqual([{ from: NOW - 15 * MINUTE, now: NOW + 10 * MINUTE, streams: ["messages"] }]);
  });

  test("is looked for again while others turn up, each time in what changed since the last", async () => {
    const { unsure, asked } = await play([{ found: 3, tookMs: 5_000 }, { found: 1 }, { found: 0 }]);
    expect(unsure.size).toBe(0);
    expect(asked.map(({ from }) => from)).toEqual([
      NOW - 15 * MINUTE,
      NOW - 5 * MINUTE,
      NOW - 5 * MINUTE + 5_000,
    ]);
  });

  test("is looked for again after a reading so long that it left news unread", async () => {
    const { unsure, asked } = await play([{ found: 0, tookMs: 5 * MINUTE }, { found: 0 }]);
    expect([unsure.size, asked.length]).toEqual([0, 2]);
  });

  test("is looked for no more when all have turned up", async () => {
    const { unsure, asked } = await play([{ found: 10, tookMs: 5 * MINUTE }]);
    expect([unsure.size, asked.length]).toEqual([0, 1]);
  });

  test("is not called gone while others keep turning up", async () => {
    const { unsure, asked } = await play(Array(9).fill({ found: 1 }), [messages, notes]);
    expect(asked).toHaveLength(5);
    expect([...unsure].map(([{ name }, { code }]) => [name, code])).toEqual([
      ["messages", "incomplete"],
      ["notes", "incomplete"],
    ]);
  });

  test("is not called gone when what changed since cannot be read", async () => {
    const { unsure } = await play([{ found: 0, fails: true }]);
    expect(unsure.get(messages)).toMatchObject({ code: "api", message: "answered 500" });
  });

  test("costs nothing when there is none", async () => {
    expect((await play([], [])).asked).toEqual([]);
  });
});
