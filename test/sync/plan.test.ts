import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Clocks, earliestOf } from "../../src/sync/clocks.ts";
import { Evidence } from "../../src/sync/evidence.ts";
import {
  beginState,
  borderOf,
  claimableTo,
  cutBack,
  BORDER_MARGIN_MS as MARGIN,
  markRead,
  openRanges,
  type PlanOptions,
  zonesAt,
} from "../../src/sync/plan.ts";
import {
  before,
  intersect,
  normalize,
  type Range,
  type Ranges,
  since,
  subtract,
} from "../../src/sync/ranges.ts";
import { decodeSearchState, encodeSearchState } from "../../src/sync/state-codec.ts";
import { EARLIEST, type OldState, type SearchState, type Source } from "../../src/sync/stream-state.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const NOW = Date.UTC(2026, 10, 23, 12);
const BORDER = Date.UTC(2024, 10, 23, 12);
const LOOKBACK = 15 * 60_000;
const endless = Number.POSITIVE_INFINITY;
const SOURCES = ["search", "archive"] as const;

/** Both clocks right. */
const at = (ms: number): Clocks => ({ server: ms, local: ms });
const options: PlanOptions = { clocks: at(NOW), start: null, lookbackMs: LOOKBACK, full: false };

/** A run: what it begins with, and where it asks. */
function begin(stored: SearchState | OldState | null, more: Partial<PlanOptions> = {}) {
  const asked = { ...options, ...more };
  const state = beginState(stored, asked);
  const zones = zonesAt(asked.clocks, state.first ? state.start : null);
  const open = (source: Source) => openRanges(state, zones, source);
  return { state, zones, clocks: asked.clocks, open };
}
type Run = ReturnType<typeof begin>;

/** Reads all that is open, as a run does that is not interrupted; the index then shows a row of `newest`. */
function readAll({ state: begun, zones, clocks }: Run, newest: number): SearchState {
  let state = begun;
  for (const source of SOURCES) {
    for (const range of openRanges(state, zones, source)) state = markRead(state, zones, source, range);
  }
  const evidence = new Evidence(clocks, LOOKBACK);
  evidence.showed(newest, []);
  return { ...evidence.apply(state), first: false };
}

/** Writes the state to its stored form and reads it back, as between two runs. */
function stored(state: SearchState, asked = NOW): SearchState {
  const text = JSON.stringify(
    encodeSearchState(state, asked, claimableTo(state, { server: asked, local: asked }, false)),
  );
  return decodeSearchState("conversations", JSON.parse(text)) as SearchState;
}

describe("a first run", () => {
  const everything = [{ from: EARLIEST, to: endless }];
  const wrong: [string, Clocks][] = [
    ["right", at(NOW)],
    ["75 years ahead at the server", { server: NOW + 75 * YEAR, local: NOW }],
    ["75 years behind at the server", { server: NOW - 75 * YEAR, local: NOW }],
    ["75 years ahead here", { server: NOW, local: NOW + 75 * YEAR }],
    ["75 years behind here", { server: NOW, local: NOW - 75 * YEAR }],
    ["75 years ahead here, and the only one", { server: null, local: NOW + 75 * YEAR }],
    ["75 years behind here, and the only one", { server: null, local: NOW - 75 * YEAR }],
  ];
  test.each(wrong)(
    "asks both sources for everything, without an end, by a clock that is %s",
    (_name, clocks) => {
      const run = begin(null, { clocks });
      expect([run.open("search"), run.open("archive")]).toEqual([everything, everything]);
    },
  );
  test("with a start date within two years never asks the archive", () => {
    const run = begin(null, { start: BORDER + MARGIN });
    expect([run.open("search"), run.open("archive")]).toEqual([since(BORDER + MARGIN), []]);
  });
  test("with a start date near the border asks both, to the end", () => {
    const run = begin(null, { start: BORDER + MARGIN - 1 });
    expect([run.open("search"), run.open("archive")]).toEqual([
      since(BORDER + MARGIN - 1),
      since(BORDER + MARGIN - 1),
    ]);
  });
  test("is complete once both are read, and claims nothing from the newest row on that was seen", () => {
    const whole = encodeSearchState(readAll(begin(null), NOW - 9 * DAY), NOW);
    expect(whole).toMatchObject({ complete: true, syncedTo: "2026-11-23T12:00:00.000Z", start: null });
    const claimed = ["1900-01-01T00:00:00.000Z", "2026-11-14T12:00:00.000Z"];
    expect(whole.state).toMatchObject({ done: { search: [claimed], archive: [claimed] } });
  });
  test("that saw no row claims nothing", () => {
    const run = begin(null);
    const state = readAll(run, EARLIEST);
    expect(stored(state).done).toEqual({ search: [], archive: [] });
    expect(encodeSearchState(state, NOW)).toMatchObject({ complete: true });
    expect(begin(stored(state)).open("search")).toEqual(since(BORDER - MARGIN));
  });
  test("is not complete without the archive", () => {
    const run = begin(null);
    const half = run
      .open("search")
      .reduce((state, range) => markRead(state, run.zones, "search", range), run.state);
    expect(encodeSearchState(half, NOW)).toMatchObject({ complete: false, syncedTo: null });
  });
  test("that was interrupted asks the archive again for what was young when it was asked, and grew old", () => {
    // The row is a day younger than the border; the archive is asked first, and does not have it yet.
    const row = { from: BORDER + DAY, to: BORDER + DAY + 1 };
    const run = begin(null);
    const evidence = new Evidence(run.clocks, LOOKBACK);
    evidence.showed(NOW, []);
    const half = evidence.apply(markRead(run.state, run.zones, "archive", { from: EARLIEST, to: endless }));
    // Two days later the search has it no more.
    const next = begin(stored(half), { clocks: at(NOW + 2 * DAY) });
    expect(intersect(next.open("archive"), [row])).toEqual([row]);
  });
  test("that was interrupted goes on asking both", () => {
    const run = begin(null);
    const evidence = new Evidence(run.clocks, LOOKBACK);
    evidence.showed(NOW - HOUR, []);
    const half = evidence.apply(markRead(run.state, run.zones, "search", { from: EARLIEST, to: NOW - HOUR }));
    const next = begin(stored(half), { clocks: at(NOW + 60_000), lookbackMs: 0 });
    expect(next.open("search")).toEqual(since(NOW - HOUR));
    expect(next.open("archive")).toEqual(everything);
  });
});

describe("a later run", () => {
  /** Its newest row changed a minute before it began. */
  const newest = NOW - 60_000;
  const whole = stored(readAll(begin(null), newest));

  test("asks only for the look-back and what came since, and no archive", () => {
    const run = begin(whole, { clocks: at(NOW + HOUR) });
    expect([run.open("search"), run.open("archive")]).toEqual([since(newest - LOOKBACK), []]);
  });
  test("asks from the newest row on, and not before, once that was read at a time when it was old", () => {
    const later = stored(readAll(begin(whole, { clocks: at(NOW + HOUR) }), newest));
    expect(begin(later, { clocks: at(NOW + 2 * HOUR) }).open("search")).toEqual(since(newest));
  });
  test("months later still asks no archive: what grew old was read while it was young", () => {
    expect(begin(whole, { clocks: at(NOW + 200 * DAY) }).open("archive")).toEqual([]);
  });
  test("with an earlier start date reads what lies before, too", () => {
    const young = stored(readAll(begin(null, { start: NOW - 30 * DAY }), newest));
    const run = begin(young, { clocks: at(NOW + HOUR), start: NOW - 60 * DAY });
    expect(run.open("search")).toEqual([
      { from: NOW - 60 * DAY, to: NOW - 30 * DAY },
      { from: newest - LOOKBACK, to: endless },
    ]);
  });
  test("with a start date of before the border asks the archive for what it never was asked for", () => {
    const young = stored(readAll(begin(null, { start: NOW - 30 * DAY }), newest));
    const run = begin(young, { clocks: at(NOW + HOUR), start: BORDER - 60 * DAY });
    const border = borderOf(NOW + HOUR);
    expect(run.open("archive")).toEqual([{ from: BORDER - 60 * DAY, to: border + MARGIN }]);
    expect(run.open("search")[0]).toEqual({ from: border - MARGIN, to: NOW - 30 * DAY });
  });
  test("a range left open until it is over two years old is asked of the archive", () => {
    const gap: Range = { from: BORDER + 30 * DAY, to: BORDER + 40 * DAY };
    const run = begin({ ...whole, done: { search: [], archive: [] } });
    let { state } = run;
    for (const source of SOURCES) {
      for (const range of subtract(run.open(source), [gap]))
        state = markRead(state, run.zones, source, range);
    }
    const next = begin(stored(state), { clocks: at(NOW + 90 * DAY) });
    expect(next.open("archive")).toEqual([gap]);
  });
  test("what only one of the two was asked for is asked again once it is plainly the other's", () => {
    const both: Range = { from: BORDER - DAY, to: BORDER + DAY };
    const run = begin({ ...whole, done: { search: [], archive: [] } });
    let { state } = run;
    for (const range of run.open("archive")) state = markRead(state, run.zones, "archive", range);
    for (const range of subtract(run.open("search"), [both])) {
      state = markRead(state, run.zones, "search", range);
    }
    const next = begin(stored(state), { clocks: at(NOW + 90 * DAY) });
    expect(next.open("archive")).toEqual([both]);
  });
});

describe("a stored horizon", () => {
  const whole = stored(readAll(begin(null), NOW));
  const none = () => null;
  const cases: [string, Clocks, number | null][] = [
    ["stays while both clocks are past it", at(NOW + HOUR), null],
    ["stays while the server's alone went back", { server: NOW - HOUR, local: NOW }, null],
    ["stays while this machine's alone went back", { server: NOW, local: NOW - HOUR }, null],
    ["is cut back when it lies in the future by both", at(NOW - HOUR), NOW - HOUR],
    ["is cut back to the earlier one", { server: NOW - 3 * HOUR, local: NOW - HOUR }, NOW - 3 * HOUR],
    ["is cut back when it lies in the future by the only one", { server: null, local: NOW - DAY }, NOW - DAY],
    ["is cut back though no clock is in its right mind", at(Date.UTC(1850, 0, 1)), 0],
  ];
  test.each(cases)("%s", (_name, clocks, horizon) => {
    expect(cutBack(whole, clocks, none)?.horizon ?? null).toBe(horizon);
    const run = begin(whole, { clocks });
    expect(run.open("search").at(-1)).toEqual({ from: (horizon ?? NOW) - LOOKBACK, to: endless });
  });
  test("that was cut back is looked at again for the look-back, though it had been settled", () => {
    const settled = { ...whole, settled: true };
    const clocks = at(NOW - HOUR);
    expect(cutBack(settled, clocks, none)).toMatchObject({ settled: false, since: NOW - HOUR });
  });

  describe("of version 1", () => {
    /** As the version before wrote it: it claims all up to the server's clock. */
    const old = (horizon: string): OldState => {
      const done = [["1900-01-01T00:00:00.000Z", horizon]];
      const state = {
        ...{ v: 1, start: "1900-01-01T00:00:00.000Z", horizon, done: { search: done, archive: done } },
        ...{ ties: [], scan: null, full: null, fullReadAt: null },
      };
      return decodeSearchState("notes", asStored(state)) as OldState;
    };
    const iso = (ms: number) => new Date(ms).toISOString();
    const rows = [NOW - 9 * DAY, NOW - 2 * DAY, NOW + 40 * YEAR];
    const newest = (limit: number) => rows.filter((ms) => ms < limit).at(-1) ?? null;
    const clocks = at(NOW + HOUR);

    test("is no more than the newest row shows that the file holds", () => {
      for (const horizon of [NOW, NOW + 20 * 60_000, NOW + 73 * YEAR]) {
        expect(cutBack(old(iso(horizon)), clocks, newest)?.horizon).toBe(NOW - 2 * DAY);
        const run = begin(old(iso(horizon)), { clocks, newest });
        expect(run.open("search")).toEqual(since(NOW - 2 * DAY - LOOKBACK));
        expect(run.state.first).toBe(false);
      }
    });
    test("is never put later", () => {
      expect(cutBack(old(iso(NOW - 5 * DAY)), clocks, newest)?.horizon).toBe(NOW - 5 * DAY);
      expect(cutBack(old(iso(NOW)), at(NOW - 3 * DAY), newest)?.horizon).toBe(NOW - 9 * DAY);
    });
    test("is nothing where the file holds no row", () => {
      const run = begin(old(iso(NOW)), { clocks, newest: none });
      expect([run.state.horizon, run.open("search")]).toEqual([
        EARLIEST,
        since(borderOf(NOW + HOUR) - MARGIN),
      ]);
    });
    test("may be of a year of five digits", () => {
      expect(cutBack(old("+012345-01-01T00:00:00.000Z"), clocks, newest)?.horizon).toBe(NOW - 2 * DAY);
    });
    test("is as good as any when it was written again", () => {
      const again = stored(begin(old(iso(NOW)), { clocks, newest }).state);
      expect(again).toMatchObject({ horizon: NOW - 2 * DAY, first: false, settled: false });
      expect(again.done.search).toEqual([{ from: EARLIEST, to: NOW - 2 * DAY - LOOKBACK }]);
    });
  });
});

describe("what a state tells people", () => {
  const state = readAll(begin(null, { start: NOW - 30 * DAY }), NOW - DAY);

  test("is up to when all was asked and answered, which no clock calls the future", () => {
    expect(encodeSearchState(state, NOW)).toMatchObject({ syncedTo: new Date(NOW).toISOString() });
    const ahead = begin(null, { clocks: { server: NOW + 75 * YEAR, local: NOW } });
    expect(encodeSearchState(readAll(ahead, NOW), earliestOf(ahead.clocks)).syncedTo).toBe(
      new Date(NOW).toISOString(),
    );
  });
  test("is from when on", () => {
    expect(encodeSearchState(state, NOW).start).toBe(new Date(NOW - 30 * DAY).toISOString());
  });
  test("is what the last audit counted", () => {
    const counted = { at: new Date(NOW).toISOString(), of: "all", index: 7, file: 7, equal: true };
    const audited = {
      ...state,
      audit: {
        turn: 3,
        cursor: null,
        unexplained: 0,
        overlap: 0,
        unexplainedLive: { search: 0, archive: 0 },
        liveTurn: 0,
        counted,
      },
    };
    expect([encodeSearchState(state, NOW).counted, encodeSearchState(audited, NOW).counted]).toEqual([
      null,
      counted,
    ]);
  });
});

describe("a full read", () => {
  const whole = stored(readAll(begin(null), NOW));
  const full = { full: true };

  test("begins from nothing, whatever was read, and asks both sources", () => {
    const run = begin(whole, { ...full, clocks: at(NOW + DAY) });
    expect(run.state).toMatchObject({
      done: { search: [], archive: [] },
      full: { startedAt: NOW + DAY },
      first: true,
    });
    expect(encodeSearchState(readAll(run, NOW + DAY), NOW + DAY).complete).toBe(false);
  });
  test("that was interrupted goes on, with the option or without", () => {
    const run = begin(whole, full);
    const evidence = new Evidence(run.clocks, 0);
    evidence.showed(NOW, []);
    const part = { from: NOW - DAY, to: NOW };
    const half = stored(evidence.apply(markRead(run.state, run.zones, "search", part)));
    for (const again of [{}, full]) {
      const { state } = begin(half, { ...again, clocks: at(NOW + DAY), lookbackMs: 0 });
      expect(state.done.search).toEqual([part]);
      expect(state.full).toEqual({ startedAt: NOW, marked: true });
    }
  });
  test("that was left long ago begins anew when it is asked for again", () => {
    const half = stored(begin(whole, full).state);
    const later = { clocks: at(NOW + 8 * DAY) };
    expect(begin(half, { ...full, ...later }).state.full?.startedAt).toBe(NOW + 8 * DAY);
    expect(begin(half, later).state.full?.startedAt).toBe(NOW);
  });
  test("forgets nothing that audits know of each other", () => {
    const counted = { at: new Date(NOW).toISOString(), of: "all", index: 7, file: 7, equal: true };
    const audit = {
      turn: 3,
      cursor: null,
      unexplained: 1,
      overlap: 0,
      unexplainedLive: { search: 0, archive: 0 },
      liveTurn: 0,
      counted,
    };
    expect(begin({ ...whole, audit }, full).state.audit).toEqual(audit);
  });
});

/** One clock of the two may be wrong, by minutes or by lifetimes; where the server has none, this one is right. */
const skewed = fc.oneof(
  fc.record({ server: fc.integer({ min: -75, max: 75 }).map((n) => n * YEAR), local: fc.constant(0) }),
  fc.record({ local: fc.integer({ min: -75, max: 75 }).map((n) => n * YEAR), server: fc.constant(0) }),
  fc.record({ server: fc.integer({ min: -180, max: 180 }).map((n) => n * 60_000), local: fc.constant(0) }),
  fc.constant({ server: null, local: 0 }),
);
const clocksAt = (now: number, { server, local }: { server: number | null; local: number }): Clocks => ({
  server: server === null ? null : now + server,
  local: now + local,
});

const steps = fc.array(
  fc.record({
    source: fc.constantFrom<Source>(...SOURCES),
    from: fc.integer({ min: -900 * 24, max: 0 }),
    hours: fc.integer({ min: 1, max: 400 * 24 }),
    laterMs: fc.integer({ min: 0, max: 60 * DAY }),
    restart: fc.boolean(),
    clocks: skewed,
    /** How long before the present lies what the index shows. */
    shown: fc.integer({ min: 0, max: 30 * DAY }),
  }),
  { maxLength: 30 },
);
const starts = fc.option(fc.integer({ min: -1_200, max: 0 }), { nil: null });

/** Where a source can truly know of a row. */
function knows(source: Source, now: number): Ranges {
  return source === "search" ? since(borderOf(now)) : before(borderOf(now));
}

type Asked = { readonly source: Source; readonly range: Range; readonly now: number };

/** Plays runs that read some of what is open, and end anywhere; `onAsk` is told what they asked for. */
function play(
  taken: typeof steps extends fc.Arbitrary<infer T> ? T : never,
  { lookbackMs, start }: { lookbackMs: number; start: number | null },
  onAsk: (asked: Asked) => void = () => {},
): { run: Run; now: number } {
  let now = NOW;
  const more = { lookbackMs, start: start === null ? null : NOW + start * DAY };
  let run = begin(null, more);
  for (const { source, from, hours, laterMs, restart, clocks, shown } of taken) {
    if (restart) {
      const isRead = SOURCES.every((each) => openRanges(run.state, run.zones, each).length === 0);
      now += laterMs;
      const last = { ...run.state, first: run.state.first && !isRead };
      run = begin(stored(last, earliestOf(run.clocks)), { ...more, clocks: clocksAt(now, clocks) });
    }
    let { state } = run;
    const range = { from: NOW + from * HOUR, to: NOW + (from + hours) * HOUR };
    for (const open of intersect(openRanges(state, run.zones, source), [range])) {
      state = markRead(state, run.zones, source, open);
      onAsk({ source, range: open, now });
    }
    const evidence = new Evidence(run.clocks, lookbackMs);
    evidence.showed(now - shown, []);
    run = { ...run, state: evidence.apply(state) };
  }
  return { run, now };
}

// Fails while the mark of an archive that was asked for what was young is believed once that is old.
test("whatever the order, the interruptions, and whichever clock is wrong, no instant is claimed that was not asked", () => {
  fc.assert(
    fc.property(steps, starts, (taken, start) => {
      const proven: Range[] = [];
      const { run, now } = play(taken, { lookbackMs: 0, start }, ({ source, range, now: then }) => {
        proven.push(...intersect([range], knows(source, then)));
      });
      const kept = stored(run.state, earliestOf(run.clocks));
      const claimed = intersect(kept.done.search, kept.done.archive);
      expect(subtract(claimed, normalize(proven))).toEqual([]);
      const { syncedTo } = encodeSearchState(run.state, earliestOf(run.clocks));
      if (syncedTo !== null) expect(Date.parse(syncedTo)).toBeLessThanOrEqual(now);
    }),
    { numRuns: 500 },
  );
});

test("whatever was interrupted, reading what is open completes the stream: nothing is left that nobody asks for", () => {
  fc.assert(
    fc.property(steps, starts, fc.integer({ min: 0, max: HOUR }), (taken, start, lookbackMs) => {
      const { run, now } = play(taken, { lookbackMs, start });
      expect(encodeSearchState(readAll(run, now), now).complete).toBe(true);
    }),
    { numRuns: 500 },
  );
});

function asStored(state: unknown) {
  return { state, syncedTo: null, complete: false, start: null, counted: null };
}

describe("the stored state", () => {
  const begun = begin(null).state;
  const tie = {
    source: "search" as const,
    at: NOW - 5,
    created: [{ from: NOW - 900, to: NOW - 800 }],
    counted: 700,
    page: 2,
    pageSize: 500,
    total: 1_200,
    ids: null,
    rejected: 3,
    restarts: 1,
  };

  test("comes back as it was", () => {
    const counted = { at: new Date(NOW).toISOString(), of: "all", index: null, file: 7, equal: null };
    const state: SearchState = {
      ...begun,
      horizon: NOW - 7,
      settled: true,
      since: NOW - 99,
      first: false,
      done: { search: [{ from: EARLIEST, to: NOW - 7 }], archive: [{ from: EARLIEST, to: BORDER }] },
      ties: [tie],
      unproven: [{ source: "archive", from: BORDER, next: BORDER + 5, ids: ["a", "b"] }],
      scan: { nextPage: 7, startedAt: NOW - 1_000, refused: "no more" },
      full: { startedAt: NOW - 2_000, marked: true },
      fullReadAt: NOW - DAY,
      audit: {
        turn: 4,
        cursor: NOW - DAY,
        unexplained: -2,
        overlap: 0,
        unexplainedLive: { search: 0, archive: 0 },
        liveTurn: 0,
        counted,
      },
    };
    expect(stored(state)).toEqual(state);
  });
  test("keeps no ids of a tie: how many of its rows came, the rows can tell", () => {
    const ids = new Set(Array.from({ length: 20_000 }, (_, i) => `an id of some length, ${i}`));
    const text = JSON.stringify(encodeSearchState({ ...begun, ties: [{ ...tie, ids }] }, NOW));
    expect(text.length).toBeLessThan(2_000);
    expect(stored({ ...begun, ties: [{ ...tie, ids }] }).ties[0]?.ids).toBeNull();
    // Of one that has no page behind it, all is known.
    expect(stored({ ...begun, ties: [{ ...tie, page: 1, ids: new Set<string>() }] }).ties[0]?.ids?.size).toBe(
      0,
    );
  });
  test("of before there were full reads, and ties read by creation, is understood", () => {
    const instant = "2026-11-23T11:00:00.000Z";
    const ties = [{ source: "search", at: instant, page: 2, total: 7, ids: ["a"], restarts: 0 }];
    const pairs = [["1900-01-01T00:00:00.000Z", instant]];
    const done = { search: pairs, archive: pairs };
    const older = { v: 1, start: "1900-01-01T00:00:00.000Z", horizon: instant, done, ties, scan: null };
    const read = decodeSearchState("notes", asStored(older))!;
    expect(read).toMatchObject({ old: true, full: null, fullReadAt: null });
    // Its ids would be 11 MB of a large tie: it is read anew.
    expect(read.ties).toMatchObject([{ page: 1, pageSize: 500, created: null, counted: 0, rejected: 0 }]);
  });
  test("that is damaged is named, with the command that mends it", () => {
    const sound = encodeSearchState(begun, NOW).state as Record<string, unknown>;
    const damaged = [
      ...[{}, { v: 3 }, { v: 2 }, null, "x", { v: 1, start: "yesterday" }],
      { ...sound, horizon: "yesterday" },
      { ...sound, first: 1 },
      { ...sound, more: 1 },
      { ...sound, audit: {} },
    ];
    expect(decodeSearchState("notes", asStored(sound))).not.toBeNull();
    for (const broken of damaged) {
      const read = () => decodeSearchState("notes", asStored(broken));
      expect(read).toThrow(/stored state does not parse/);
      try {
        read();
      } catch (error) {
        expect((error as { hint: string }).hint).toContain("kustomer-sync reset notes");
      }
    }
  });
});
