import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { beginState, markRead, openRanges, zonesAt } from "../../src/sync/plan.ts";
import { intersect, type Range, subtract } from "../../src/sync/ranges.ts";
import {
  decodeSearchState,
  EARLIEST,
  encodeSearchState,
  type SearchState,
  type Source,
  syncedUpTo,
} from "../../src/sync/stream-state.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 12);
const BORDER = Date.UTC(2024, 10, 23, 12);
const MARGIN = 3 * DAY;
const options = { now: NOW, start: null, lookbackMs: 15 * 60_000, full: false };
const endless = Number.POSITIVE_INFINITY;

/** Reads everything that is open, as a run does that is not interrupted. */
function readAll(begun: SearchState, now: number): SearchState {
  const zones = zonesAt(now);
  let state = begun;
  for (const source of ["search", "archive"] as const) {
    for (const range of openRanges(state, zones, source)) state = markRead(state, zones, source, range);
  }
  return state;
}

/** Writes the state to its stored form and reads it back, as between two runs. */
function stored(state: SearchState): SearchState {
  return decodeSearchState("conversations", JSON.parse(JSON.stringify(encodeSearchState(state))))!;
}

describe("a first run", () => {
  const state = beginState(null, options);
  const zones = zonesAt(NOW);

  test("asks the standard search for two years and its margin, without an end", () => {
    expect(openRanges(state, zones, "search")).toEqual([{ from: BORDER - MARGIN, to: endless }]);
  });
  test("asks the archive for everything before, and its margin", () => {
    expect(openRanges(state, zones, "archive")).toEqual([{ from: EARLIEST, to: BORDER + MARGIN }]);
  });
  test("with a start date within two years never asks the archive", () => {
    const late = beginState(null, { ...options, start: BORDER + 10 * DAY });
    expect(openRanges(late, zones, "archive")).toEqual([]);
    expect(openRanges(late, zones, "search")).toEqual([{ from: BORDER + 10 * DAY, to: endless }]);
  });
  test("is complete once both are read, and claims nothing after its start", () => {
    const whole = encodeSearchState(readAll(state, NOW));
    expect(whole.complete).toBe(true);
    expect(whole.syncedTo).toBe("2026-11-23T12:00:00.000Z");
    expect(JSON.stringify(whole.state)).not.toContain("9999");
  });
  test("is not complete without the archive", () => {
    let half = state;
    for (const range of openRanges(state, zones, "search")) half = markRead(half, zones, "search", range);
    expect(encodeSearchState(half)).toMatchObject({ complete: false, syncedTo: null });
  });
});

describe("a later run", () => {
  const whole = stored(readAll(beginState(null, options), NOW));
  const hour = 3_600_000;

  test("asks only for the look-back and what came since, and no archive", () => {
    const later = NOW + hour;
    const state = beginState(whole, { ...options, now: later });
    expect(openRanges(state, zonesAt(later), "search")).toEqual([{ from: NOW - 15 * 60_000, to: endless }]);
    expect(openRanges(state, zonesAt(later), "archive")).toEqual([]);
  });
  test("months later still asks no archive: what grew old was read while it was young", () => {
    const later = NOW + 200 * DAY;
    const state = beginState(whole, { ...options, now: later });
    expect(openRanges(state, zonesAt(later), "archive")).toEqual([]);
  });
  test("with an earlier start date reads what lies before, too", () => {
    const young = stored(readAll(beginState(null, { ...options, start: NOW - 30 * DAY }), NOW));
    const state = beginState(young, { ...options, now: NOW + hour, start: NOW - 60 * DAY });
    expect(openRanges(state, zonesAt(NOW + hour), "search")).toEqual([
      { from: NOW - 60 * DAY, to: NOW - 30 * DAY },
      { from: NOW - 15 * 60_000, to: endless },
    ]);
  });
  test("a server clock that went back loses nothing", () => {
    const state = beginState(whole, { ...options, now: NOW - hour });
    expect(state.horizon).toBe(NOW);
    expect(openRanges(state, zonesAt(NOW - hour), "search")).toEqual([
      { from: NOW - 15 * 60_000, to: endless },
    ]);
  });
  test("a range left open until it is over two years old is asked of the archive", () => {
    const zones = zonesAt(NOW);
    const gap: Range = { from: BORDER + 30 * DAY, to: BORDER + 40 * DAY };
    let state = beginState(null, options);
    for (const source of ["search", "archive"] as const) {
      for (const range of subtract(openRanges(state, zones, source), [gap])) {
        state = markRead(state, zones, source, range);
      }
    }
    const later = NOW + 90 * DAY;
    const next = beginState(stored(state), { ...options, now: later });
    expect(openRanges(next, zonesAt(later), "archive")).toEqual([gap]);
  });
  test("what only one of the two was asked for is asked again once it is plainly the other's", () => {
    const zones = zonesAt(NOW);
    const both: Range = { from: BORDER - DAY, to: BORDER + DAY };
    let state = beginState(null, options);
    for (const range of openRanges(state, zones, "archive")) state = markRead(state, zones, "archive", range);
    for (const range of subtract(openRanges(state, zones, "search"), [both])) {
      state = markRead(state, zones, "search", range);
    }
    const later = NOW + 90 * DAY;
    const next = beginState(stored(state), { ...options, now: later });
    expect(openRanges(next, zonesAt(later), "archive")).toEqual([both]);
  });
});

describe("a full read", () => {
  const whole = stored(readAll(beginState(null, options), NOW));
  const full = { ...options, full: true };

  test("begins from nothing, whatever was read", () => {
    const state = beginState(whole, { ...full, now: NOW + DAY });
    expect(state).toMatchObject({ done: { search: [], archive: [] }, full: { startedAt: NOW + DAY } });
    expect(encodeSearchState(readAll(state, NOW + DAY)).complete).toBe(false);
  });
  test("that was interrupted goes on, with the option or without", () => {
    const half = stored(
      markRead(beginState(whole, full), zonesAt(NOW), "search", { from: NOW - DAY, to: NOW }),
    );
    for (const again of [options, full]) {
      const state = beginState(half, { ...again, now: NOW + DAY, lookbackMs: 0 });
      expect(state.done.search).toEqual([{ from: NOW - DAY, to: NOW }]);
      expect(state.full).toEqual({ startedAt: NOW, marked: true });
    }
  });
  test("that was left long ago begins anew when it is asked for again", () => {
    const half = stored(beginState(whole, full));
    expect(beginState(half, { ...full, now: NOW + 8 * DAY }).full?.startedAt).toBe(NOW + 8 * DAY);
    expect(beginState(half, { ...options, now: NOW + 8 * DAY }).full?.startedAt).toBe(NOW);
  });
});

test("whatever the order and however often interrupted, no instant is claimed that was not asked", () => {
  const steps = fc.array(
    fc.record({
      source: fc.constantFrom<Source>("search", "archive"),
      from: fc.integer({ min: -900, max: 0 }),
      days: fc.integer({ min: 1, max: 400 }),
      later: fc.integer({ min: 0, max: 60 }),
      restart: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      let now = NOW;
      let state = beginState(null, { ...options, lookbackMs: 0 });
      const asked: { source: Source; range: Range; now: number }[] = [];
      for (const { source, from, days, later, restart } of taken) {
        if (restart) {
          now += later * DAY;
          state = beginState(stored(state), { ...options, now, lookbackMs: 0 });
        }
        const zones = zonesAt(now);
        const range = { from: NOW + from * DAY, to: NOW + (from + days) * DAY };
        for (const open of intersect(openRanges(state, zones, source), [range])) {
          state = markRead(state, zones, source, open);
          asked.push({ source, range: open, now });
        }
      }
      // An instant is claimed only where a source that could know it then was asked for it.
      for (const claim of intersect(state.done.search, state.done.archive)) {
        const proven = asked.flatMap((ask) => intersect([ask.range], zonesAt(ask.now)[ask.source]));
        expect(
          subtract([claim], proven.length === 0 ? [] : proven.reduce<Range[]>((all, r) => merge(all, r), [])),
        ).toEqual([]);
      }
      const up = syncedUpTo(state);
      if (up !== null) expect(up).toBeLessThanOrEqual(now);
    }),
    { numRuns: 300 },
  );
});

function merge(all: Range[], range: Range): Range[] {
  const sorted = [...all, range].sort((a, b) => a.from - b.from);
  const merged: Range[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last && next.from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else merged.push(next);
  }
  return merged;
}

describe("the stored state", () => {
  test("comes back as it was", () => {
    const tie = {
      source: "search" as const,
      at: NOW - 5,
      created: [{ from: NOW - 900, to: NOW - 800 }],
      counted: 700,
      page: 2,
      pageSize: 500,
      total: 1_200,
      ids: ["a", "b"],
      rejected: 3,
      restarts: 1,
    };
    const scan = { nextPage: 7, startedAt: NOW - 1_000, refused: "no more" };
    const full = { startedAt: NOW - 2_000, marked: true };
    const state = { ...beginState(null, options), ties: [tie], scan, full };
    expect(stored(state)).toEqual(state);
  });
  test("of before there were full reads, and ties read by creation, is understood", () => {
    const { full: _, ...older } = encodeSearchState(beginState(null, options)).state as { full: unknown };
    const at = "2026-11-23T11:00:00.000Z";
    const ties = [{ source: "search", at, page: 2, total: 7, ids: ["a"], restarts: 0 }];
    const read = decodeSearchState("notes", { state: { ...older, ties }, syncedTo: null, complete: false })!;
    expect(read.full).toBeNull();
    expect(read.ties).toMatchObject([{ page: 2, pageSize: 500, created: null, counted: 0, rejected: 0 }]);
  });
  test("that is damaged is named, with the command that mends it", () => {
    for (const broken of [{}, { v: 2 }, null, "x", { v: 1, start: "yesterday" }]) {
      const read = () => decodeSearchState("notes", { state: broken, syncedTo: null, complete: false });
      expect(read).toThrow(/stored state does not parse/);
      try {
        read();
      } catch (error) {
        expect((error as { hint: string }).hint).toContain("kustomer-sync reset notes");
      }
    }
  });
});

test("whatever was interrupted, reading what is open completes the stream: nothing is left that nobody asks for", () => {
  const HOUR = 3_600_000;
  const steps = fc.array(
    fc.record({
      source: fc.constantFrom<Source>("search", "archive"),
      from: fc.integer({ min: -900 * 24, max: 0 }),
      hours: fc.integer({ min: 1, max: 400 * 24 }),
      laterMs: fc.integer({ min: 0, max: 40 * DAY }),
      restart: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: HOUR }), (taken, lookbackMs) => {
      let now = NOW;
      let state = beginState(null, { ...options, lookbackMs });
      for (const { source, from, hours, laterMs, restart } of taken) {
        if (restart) {
          now += laterMs;
          state = beginState(stored(state), { ...options, now, lookbackMs });
        }
        const zones = zonesAt(now);
        const range = { from: NOW + from * HOUR, to: NOW + (from + hours) * HOUR };
        for (const open of intersect(openRanges(state, zones, source), [range])) {
          state = markRead(state, zones, source, open);
        }
      }
      expect(encodeSearchState(readAll(state, now)).complete).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
