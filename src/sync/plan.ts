/**
 * Decides what is still to be read: a pure function of the state, the server's clock and the options.
 * Around the two-year border, which moves and whose exact place Kustomer does not document, both the
 * standard search and the source of old rows are asked; elsewhere only the one that can know.
 */
import { before, intersect, type Range, type Ranges, since, subtract, union } from "./ranges.ts";
import { EARLIEST, type SearchState, type Source } from "./stream-state.ts";

/**
 * How far from the border both are asked. The standard search serves what was updated "within the past 2
 * years" (Kustomer's reference for create-customer-search); whether those are calendar years or days, in
 * which time zone, and how soon rows move over is not documented.
 */
const BORDER_MARGIN_MS = 3 * 86_400_000;

export type PlanOptions = {
  /** The server's clock at the start of the run. */
  readonly now: number;
  /** Read rows changed at or after this instant; null for everything. */
  readonly start: number | null;
  /** How far before the end of what was read to look again, for rows that the index showed late. */
  readonly lookbackMs: number;
  /** Read it all again, from the beginning; a full read that is under way goes on. */
  readonly full: boolean;
  /** Not when this stream's last full read began at this instant or later: it was part of the same one. */
  readonly fullSince?: number | null;
};

/** A full read that was left so long ago says too little about what exists now: it begins anew. */
const FULL_READ_LASTS_MS = 7 * 86_400_000;

/** The instants that lie within the standard search's window, surely or perhaps, and likewise for the old. */
export type Zones = Readonly<Record<Source, Ranges>>;

/** Where each source has to be asked, for a run at `now`. */
export function zonesAt(now: number): Zones {
  const border = new Date(now);
  border.setUTCFullYear(border.getUTCFullYear() - 2);
  return {
    search: since(border.getTime() - BORDER_MARGIN_MS),
    archive: before(border.getTime() + BORDER_MARGIN_MS),
  };
}

/** True when a full read was begun that can still go on at `now` (the server's clock, ms). */
export function isFullReadUnderWay({ full }: SearchState, now: number): boolean {
  return full !== null && now - full.startedAt < FULL_READ_LASTS_MS;
}

/** The state with which a run begins: the look-back reopened, the horizon moved to the run's start. */
export function beginState(stored: SearchState | null, options: PlanOptions): SearchState {
  const start = options.start ?? EARLIEST;
  const isUnderWay = stored !== null && isFullReadUnderWay(stored, options.now);
  const { fullSince = null } = options;
  const fullReadAt = stored?.fullReadAt ?? null;
  const isFullRead = fullSince !== null && fullReadAt !== null && fullReadAt >= fullSince;
  if (stored === null || (options.full && !isUnderWay && !isFullRead)) {
    const full = options.full ? { startedAt: options.now, marked: false } : null;
    const nothing = { done: { search: [], archive: [] }, ties: [], scan: null };
    return { start, horizon: options.now, ...nothing, full, fullReadAt };
  }
  const reread = stored.horizon - options.lookbackMs;
  return {
    ...stored,
    start,
    // A server clock that steps back must not shrink what is claimed.
    horizon: Math.max(options.now, stored.horizon),
    done: {
      search: intersect(stored.done.search, before(reread)),
      archive: stored.done.archive,
    },
    // What is looked at again is begun again.
    ties: stored.ties.filter((tie) => tie.source === "archive" || tie.at < reread),
  };
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
