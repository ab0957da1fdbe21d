/**
 * Decides what is still to be read: a pure function of the state, the clocks and the options. Around the
 * two-year border, which moves and whose exact place Kustomer does not document, both the standard search
 * and the source of old rows are asked; elsewhere only the one that can know. A first reading asks both for
 * everything, so that no clock draws the border.
 */
import { type Clocks, earliestOf, latestOf, localOf } from "./clocks.ts";
import { before, intersect, type Range, type Ranges, since, subtract, union } from "./ranges.ts";
import { EARLIEST, type OldState, type SearchState, type Source } from "./stream-state.ts";

/**
 * How far from the border both are asked. The standard search serves what was updated "within the past 2
 * years" (Kustomer's reference for create-customer-search); whether those are calendar years or days, in
 * which time zone, and how soon rows move over is not documented.
 */
export const BORDER_MARGIN_MS = 10 * 86_400_000;

/** How far beyond it a list of old rows is read, so that it need not be read again whenever the border moves. */
export const LISTED_BEYOND_MS = 40 * 86_400_000;

/** And how far from it only one of them is counted. */
const NEAR_MS = 2 * 86_400_000;

export type PlanOptions = {
  /** At the start of the run. */
  readonly clocks: Clocks;
  /** Read rows changed at or after this instant; null for everything. */
  readonly start: number | null;
  /** How far before the end of what was read to look again, for rows that the index showed late. */
  readonly lookbackMs: number;
  /** Read it all again, from the beginning; a full read that is under way goes on. */
  readonly full: boolean;
  /** Not when this stream's last full read began at this instant or later: it was part of the same one. */
  readonly fullSince?: number | null;
  /** Whether old rows come from a list, which is read whole, and again only where it has to be. */
  readonly isListed?: boolean;
  /** The newest `updatedAt` (ms) before an instant that the destination holds; see `cutBack`. */
  readonly newest?: (before: number) => number | null;
};

/** A full read that was left so long ago says too little about what exists now: it begins anew. */
const FULL_READ_LASTS_MS = 7 * 86_400_000;

/** The instants that lie within the standard search's window, surely or perhaps, and likewise for the old. */
export type Zones = Readonly<Record<Source, Ranges>>;

/**
 * Where each source has to be asked; a first reading, of what changed from `firstFrom` (ms) on, asks both everywhere,
 * but a list only for old rows.
 */
export function zonesAt(clocks: Clocks, firstFrom: number | null, isListed = false): Zones {
  const [oldest, youngest] = [borderOf(earliestOf(clocks)), borderOf(latestOf(clocks))];
  const archive = before(youngest + BORDER_MARGIN_MS);
  if (firstFrom === null) return { search: since(oldest - BORDER_MARGIN_MS), archive };
  // Where nothing old is asked for, no border is in question.
  const isOld = firstFrom < youngest + BORDER_MARGIN_MS;
  return { search: EVER, archive: !isOld ? [] : isListed ? archive : EVER };
}

const EVER: Ranges = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];

/** Two years before an instant. */
export function borderOf(now: number): number {
  const border = new Date(now);
  border.setUTCFullYear(border.getUTCFullYear() - 2);
  return border.getTime();
}

/**
 * Where only one source can know of a row: surely, whichever clock is right and whatever two years are exactly; or
 * near enough to count by, where a difference only means to look again.
 */
export function aloneAt(clocks: Clocks, by: "surely" | "nearly"): Readonly<Record<Source, Ranges>> {
  const margin = by === "surely" ? BORDER_MARGIN_MS : NEAR_MS;
  return {
    search: since(borderOf(latestOf(clocks)) + margin),
    archive: before(borderOf(earliestOf(clocks)) - margin),
  };
}

/** True when a full read was begun that can still go on. */
export function isFullReadUnderWay({ full }: Pick<SearchState, "full">, clocks: Clocks): boolean {
  return full !== null && earliestOf(clocks) - full.startedAt < FULL_READ_LASTS_MS;
}

/** The state with which a run begins: what is to be looked at again is open again. */
export function beginState(stored: SearchState | OldState | null, options: PlanOptions): SearchState {
  const { clocks, full, fullSince = null } = options;
  const now = earliestOf(clocks);
  const start = options.start ?? EARLIEST;
  const isUnderWay = stored !== null && isFullReadUnderWay(stored, clocks);
  const fullReadAt = stored?.fullReadAt ?? null;
  const isFullRead = fullSince !== null && fullReadAt !== null && fullReadAt >= fullSince;
  if (stored === null || (full && !isUnderWay && !isFullRead)) {
    return {
      start,
      horizon: EARLIEST,
      settled: false,
      isRead: false,
      since: localOf(clocks),
      first: true,
      done: { search: [], archive: [] },
      ties: [],
      unproven: [],
      scan: null,
      full: full ? { startedAt: now, marked: false } : null,
      fullReadAt,
      audit: stored !== null && !("old" in stored) ? stored.audit : null,
    };
  }
  const state = withEvidence(stored, options);
  const reread = againFrom(state, options.lookbackMs);
  return {
    ...state,
    start,
    done: {
      ...state.done,
      // Rows that only the list knows are read once the list is: the search has nothing to add to them.
      search: intersect(
        state.done.search,
        before(options.isListed ? Math.max(reread, listedTo(clocks)) : reread),
      ),
    },
    // What lies after `reread` is asked for again from its beginning, so that nothing half done is kept of it.
    ties: state.ties.filter(({ at }) => at < reread || at >= state.horizon),
    unproven: state.unproven.filter(({ next }) => next <= reread || next > state.horizon),
  };
}

/** From when on the next question asks. */
export function againFrom({ horizon, settled }: SearchState, lookbackMs: number): number {
  return settled ? horizon : Math.max(EARLIEST, horizon - lookbackMs);
}

/** A stored state as it may be gone on from. */
function withEvidence(stored: SearchState | OldState, { clocks, newest }: PlanOptions): SearchState {
  const cut = cutBack(stored, clocks, newest ?? (() => null));
  return cut ?? (stored as SearchState);
}

/**
 * Cuts a horizon back that lies beyond all evidence; null where it does not. One that the index was seen to know
 * stays where it is unless it lies in the future by every clock. One of version 1 is no more than the word of a
 * clock: of it remains what the rows show that the destination holds; `newest` tells their last change before an
 * instant (ms).
 */
export function cutBack(
  stored: SearchState | OldState,
  clocks: Clocks,
  newest: (before: number) => number | null,
): SearchState | null {
  if ("old" in stored) {
    const { old: _, ...state } = stored;
    const known = Math.max(EARLIEST, newest(latestOf(clocks)) ?? EARLIEST);
    const horizon = Math.min(known, stored.horizon, earliestOf(clocks));
    return {
      ...state,
      done: doneBefore(stored, horizon),
      horizon,
      settled: false,
      isRead: false,
      since: localOf(clocks),
      first: false,
      unproven: [],
      audit: null,
    };
  }
  if (stored.horizon <= latestOf(clocks)) return null;
  const horizon = Math.max(EARLIEST, earliestOf(clocks));
  const done = doneBefore(stored, horizon);
  return { ...stored, done, horizon, settled: false, isRead: false, since: localOf(clocks) };
}

function doneBefore({ done }: Pick<SearchState, "done">, instant: number): SearchState["done"] {
  return {
    search: intersect(done.search, before(instant)),
    archive: intersect(done.archive, before(instant)),
  };
}

/**
 * Up to where (ms) what was read may be claimed, of each source. While a first reading goes on, what was still young
 * may grow old before the search is asked for it. What a list holds does not depend on what an index knows.
 */
export function claimableTo(
  state: SearchState,
  clocks: Clocks,
  isListed: boolean,
): Readonly<Record<Source, number>> {
  const { horizon, first } = state;
  if (isListed) {
    const listed = Math.max(horizon, listedTo(clocks));
    return { search: listed, archive: listed };
  }
  const oldest = borderOf(earliestOf(clocks));
  return { search: horizon, archive: first ? Math.min(horizon, oldest) : horizon };
}

/**
 * Up to where (ms) a list that was read by these clocks is all that can be known: whatever changed last before this was
 * made before it. Of what is still to come it tells nothing, wherever a clock has the border.
 */
function listedTo(clocks: Clocks): number {
  return Math.min(borderOf(latestOf(clocks)) + LISTED_BEYOND_MS, earliestOf(clocks));
}

/** What is still open for a source, up to and beyond the horizon: the last range has no end. */
export function openRanges(state: SearchState, zones: Zones, source: Source): Ranges {
  const other: Source = source === "search" ? "archive" : "search";
  const wanted = since(state.start);
  const unread = subtract(wanted, state.done[source]);
  // Where this source alone can know, the other's mark is not enough: rows move over the border meanwhile.
  const onlyHere = subtract(zones[source], zones[other]);
  const halfRead = intersect(subtract(wanted, state.done[other]), onlyHere);
  return intersect(union(unread, halfRead), zones[source]);
}

/** The state after a source gave everything in a range. */
export function markRead(state: SearchState, zones: Zones, source: Source, range: Range): SearchState {
  const other: Source = source === "search" ? "archive" : "search";
  const onlyHere = subtract([range], zones[other]);
  return {
    ...state,
    done: {
      [source]: union(state.done[source], [range]),
      [other]: union(state.done[other], onlyHere),
    } as Record<Source, Ranges>,
  };
}

/** The state with a range that is to be read again. */
export function markUnread(state: SearchState, source: Source, ranges: Ranges): SearchState {
  return { ...state, done: { ...state.done, [source]: subtract(state.done[source], ranges) } };
}
