/** How far a reading may claim: never further than the index was seen to be, nor than either clock says. */
import { describe, expect, test } from "bun:test";
import { type Clocks, earliestOf, latestOf } from "../../src/sync/clocks.ts";
import { Evidence } from "../../src/sync/evidence.ts";
import { beginState } from "../../src/sync/plan.ts";
import { EARLIEST, type SearchState } from "../../src/sync/stream-state.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const NOW = Date.UTC(2026, 10, 23, 12);
const LOOKBACK = 15 * MINUTE;
const right: Clocks = { server: NOW, local: NOW };
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe("of two clocks", () => {
  const cases: [string, Clocks, number, number][] = [
    ["alike", right, NOW, NOW],
    ["the server's ahead", { server: NOW + HOUR, local: NOW }, NOW, NOW + HOUR],
    ["this machine's ahead", { server: NOW, local: NOW + HOUR }, NOW, NOW + HOUR],
    ["the server's absent", { server: null, local: NOW }, NOW, NOW],
    ["75 years apart", { server: NOW - 75 * YEAR, local: NOW }, Math.max(0, NOW - 75 * YEAR), NOW],
    ["one of a year of five digits", { server: Date.UTC(12_345, 0, 1), local: NOW }, NOW, LAST],
    ["both of a year of five digits", { server: Date.UTC(12_345, 0, 1), local: LAST + 1 }, LAST, LAST],
    ["one of before there was time", { server: NOW, local: -5 * YEAR }, 0, NOW],
  ];
  test.each(cases)(
    "%s: one instant is surely past, and one surely not",
    (_name, clocks, earliest, latest) => {
      expect([earliestOf(clocks), latestOf(clocks)]).toEqual([earliest, latest]);
    },
  );
});

/** A state in which nothing was read. */
const begun = (clocks: Clocks = right): SearchState =>
  beginState(null, { clocks, start: null, lookbackMs: LOOKBACK, full: false });

/** The state after searches from these instants on showed rows. */
function after(froms: readonly number[], clocks: Clocks = right, state = begun(clocks)): SearchState {
  const evidence = new Evidence(clocks, LOOKBACK);
  for (const from of froms) evidence.showed(from, []);
  return evidence.apply(state);
}

describe("the horizon", () => {
  const cases: [string, readonly number[], Clocks, number][] = [
    ["is nowhere while the index has shown nothing", [], right, EARLIEST],
    ["is where a search was asked from that gave a row", [NOW - DAY], right, NOW - DAY],
    ["is the latest of these, in whatever order", [NOW - DAY, NOW - HOUR, NOW - 2 * DAY], right, NOW - HOUR],
    ["is no later than the server's clock", [NOW], { server: NOW - HOUR, local: NOW }, NOW - HOUR],
    ["is no later than this machine's", [NOW], { server: NOW, local: NOW - HOUR }, NOW - HOUR],
    ["is not put ahead by a clock", [NOW - DAY], { server: NOW + 75 * YEAR, local: NOW }, NOW - DAY],
    ["is not put ahead by the only clock", [NOW - DAY], { server: null, local: NOW + 75 * YEAR }, NOW - DAY],
    ["is not put ahead by a row of a distant year", [Date.UTC(2999, 0, 1)], right, NOW],
  ];
  test.each(cases)("%s", (_name, froms, clocks, horizon) => {
    expect(after(froms, clocks).horizon).toBe(horizon);
  });

  test("is not where a row says that it changed: that may be newer than the index knows", () => {
    const evidence = new Evidence(right, LOOKBACK);
    evidence.showed(NOW - DAY, [NOW - MINUTE, NOW - HOUR, null]);
    expect(evidence.apply(begun()).horizon).toBe(NOW - DAY);
    // It is what the index is to be asked about.
    expect(evidence.newest).toBe(NOW - MINUTE);
  });

  test("is not asked about a time that lies in the future by a clock", () => {
    const evidence = new Evidence({ server: NOW, local: NOW - HOUR }, LOOKBACK);
    evidence.showed(NOW - DAY, [NOW - MINUTE, NOW - HOUR, NOW - 2 * HOUR, Date.UTC(2999, 0, 1)]);
    expect(evidence.newest).toBe(NOW - HOUR);
  });

  test("never goes back", () => {
    const state = after([NOW - HOUR]);
    expect(after([NOW - DAY], right, state).horizon).toBe(NOW - HOUR);
    expect(after([], { server: NOW - DAY, local: NOW - DAY }, state).horizon).toBe(NOW - HOUR);
  });
});

describe("what lies before the horizon by less than the look-back need not be asked again", () => {
  /** Whether it is settled after a run at which the horizon did not move, which stood there before. */
  const again = (horizon: number, clocks: Clocks, since = NOW - 9 * DAY) =>
    after([horizon], clocks, { ...begun(), horizon, settled: false, since }).settled;
  const old = NOW - 2 * LOOKBACK;

  const cases: [string, boolean, boolean][] = [
    ["when it was read at a time when by both clocks it was older", true, again(old, right)],
    ["and just so old will do", true, again(NOW - LOOKBACK, right)],
    ["but a millisecond less will not", false, again(NOW - LOOKBACK + 1, right)],
    ["nor when the server's clock knows better", false, again(old, { server: old + 1, local: NOW })],
    ["nor when this machine's knows better", false, again(old, { server: NOW, local: old + 1 })],
    ["nor by the only clock, which may be wrong", false, again(old, { server: null, local: NOW }, NOW)],
    [
      "but when that one has seen the time pass",
      true,
      again(old, { server: null, local: NOW }, NOW - LOOKBACK),
    ],
    [
      "which it has not when it was set back since",
      false,
      again(old, { server: null, local: NOW }, NOW + DAY),
    ],
  ];
  test.each(cases)("%s", (_name, expected, settled) => expect(settled).toBe(expected));

  test("and what was settled stays so while nothing newer is seen", () => {
    const state = { ...begun(), horizon: old, settled: true };
    expect(after([], { server: old, local: old }, state)).toMatchObject({ horizon: old, settled: true });
  });

  test("but a horizon that moves is new, and is dated by this machine's clock", () => {
    const state = { ...begun(), horizon: old, settled: true, since: NOW - 9 * DAY };
    const clocks = { server: NOW, local: NOW + MINUTE };
    expect(after([NOW - MINUTE], clocks, state)).toMatchObject({
      horizon: NOW - MINUTE,
      settled: false,
      since: NOW + MINUTE,
    });
  });
});
