/**
 * How a stream's state is written down and read again. A state of an earlier version is read as what it claimed; one
 * that does not parse is refused: a guess could lose rows.
 */

import * as v from "valibot";
import type { StoredState } from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { covers, intersect, normalize, type Ranges } from "./ranges.ts";
import {
  EARLIEST,
  type ListState,
  newTie,
  type OldState,
  readOf,
  type SearchState,
  type Source,
  syncedUpTo,
} from "./stream-state.ts";

const instant = v.pipe(
  v.string(),
  v.transform((text) => parseTime(text) ?? Number.NaN),
  v.check((ms) => !Number.isNaN(ms), "not an instant"),
);
/** As version 1 wrote what a clock beyond the year 9999 said: it is cut back like any horizon that is no evidence. */
const anyInstant = v.pipe(
  v.string(),
  v.transform((text) => parseTime(text) ?? Date.parse(text)),
  v.check((ms) => !Number.isNaN(ms), "not an instant"),
);
const ranges = v.pipe(
  v.array(v.tuple([anyInstant, anyInstant])),
  v.transform((pairs) => normalize(pairs.map(([from, to]) => ({ from, to })))),
);
const source = v.picklist(["search", "archive"]);
const pageNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const difference = v.pipe(v.number(), v.integer());

const tie = {
  source,
  at: instant,
  created: v.optional(v.nullable(ranges), null),
  counted: v.optional(count, 0),
  pageSize: v.optional(pageNumber, 500),
};
const common = {
  start: instant,
  done: v.strictObject({ search: ranges, archive: ranges }),
  scan: v.nullable(
    v.strictObject({
      nextPage: count,
      startedAt: anyInstant,
      refused: v.nullable(v.string()),
      unkept: v.optional(v.string()),
    }),
  ),
  full: v.optional(v.nullable(v.strictObject({ startedAt: anyInstant })), null),
  fullReadAt: v.optional(v.nullable(anyInstant), null),
};
const Version1 = v.strictObject({
  ...common,
  v: v.literal(1),
  horizon: anyInstant,
  ties: v.array(v.looseObject(tie)),
});
const Version2 = v.strictObject({
  ...common,
  v: v.literal(2),
  horizon: instant,
  settled: v.boolean(),
  isRead: v.boolean(),
  since: instant,
  first: v.boolean(),
  ties: v.array(
    v.strictObject({
      ...tie,
      page: pageNumber,
      total: v.nullable(count),
      rejected: count,
      restarts: count,
    }),
  ),
  unproven: v.array(v.strictObject({ source, from: instant, next: instant, ids: v.array(v.string()) })),
  audit: v.nullable(
    v.strictObject({
      turn: count,
      cursor: v.nullable(instant),
      unexplained: difference,
      overlap: count,
      liveTurn: v.optional(count, 0),
      unexplainedLive: v.optional(v.strictObject({ search: difference, archive: difference }), {
        search: 0,
        archive: 0,
      }),
      counted: v.strictObject({
        at: v.string(),
        of: v.string(),
        index: v.nullable(count),
        file: count,
        equal: v.nullable(v.boolean()),
      }),
    }),
  ),
});
const SearchSchema = v.variant("v", [Version1, Version2]);
const ListSchema = v.strictObject({ v: v.literal(1), readAt: anyInstant });

/** Reads a search stream's stored state; null when there is none. Throws `store-state` when it is not one. */
export function decodeSearchState(stream: string, stored: StoredState | null): SearchState | OldState | null {
  if (stored === null) return null;
  const decoded = decode(SearchSchema, stream, stored.state);
  const full = decoded.full === null ? null : { ...decoded.full, marked: true };
  if (decoded.v === 1) {
    const { v: _, ...state } = decoded;
    const ties = state.ties.map(({ source, at, pageSize }) => newTie(source, at, pageSize));
    return { ...state, full, ties, old: true };
  }
  const { v: _, ...state } = decoded;
  const ties = state.ties.map((each) => ({ ...each, ids: each.page === 1 ? new Set<string>() : null }));
  return { ...state, full, ties };
}

/** Reads a list stream's stored state; null when there is none. Throws `store-state` when it is not one. */
export function decodeListState(stream: string, stored: StoredState | null): ListState | null {
  return stored === null ? null : { readAt: decode(ListSchema, stream, stored.state).readAt };
}

function decode<S extends v.GenericSchema>(schema: S, stream: string, state: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, state);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new AppError(
    "store-state",
    `the stored state does not parse: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`,
    { at: stream, hint: `kustomer-sync reset ${stream} forgets it and keeps the rows` },
  );
}

/**
 * Writes a search stream's state; `asked` is when the run that it is of began, by the earlier of the two clocks, and
 * `claimable` up to where (ms) what was read of each source is claimed.
 * Instants at or after the horizon are left out: they may still change. So are the ids that came of a tie, which
 * may be thousands: how many they are can be told by the rows themselves.
 */
export function encodeSearchState(
  state: SearchState,
  asked: number,
  claimable: Readonly<Record<Source, number>> = { search: state.horizon, archive: state.horizon },
): StoredState {
  const pairs = (set: Ranges) => set.map(({ from, to }) => [formatTime(from), formatTime(to)] as const);
  const claimed = (set: Ranges, to: number) => pairs(intersect(set, [{ from: EARLIEST, to }]));
  const { scan, full, fullReadAt, settled, first, audit } = state;
  const syncedTo = syncedUpTo(state, asked);
  return {
    state: {
      v: 2,
      start: formatTime(state.start),
      horizon: formatTime(state.horizon),
      settled,
      isRead: covers(state.done.search, { from: state.horizon, to: state.horizon + 1 }),
      since: formatTime(state.since),
      first,
      done: {
        search: claimed(state.done.search, claimable.search),
        archive: claimed(state.done.archive, claimable.archive),
      },
      ties: state.ties.map(({ ids: _, ...tie }) => ({
        ...tie,
        at: formatTime(tie.at),
        created: tie.created === null ? null : pairs(tie.created),
      })),
      unproven: state.unproven.map((each) => ({
        ...each,
        from: formatTime(each.from),
        next: formatTime(each.next),
      })),
      scan: scan === null ? null : { ...scan, startedAt: formatTime(scan.startedAt) },
      full: full === null ? null : { startedAt: formatTime(full.startedAt) },
      fullReadAt: fullReadAt === null ? null : formatTime(fullReadAt),
      audit:
        audit === null ? null : { ...audit, cursor: audit.cursor === null ? null : formatTime(audit.cursor) },
    },
    syncedTo: syncedTo === null ? null : formatTime(syncedTo),
    complete: covers(readOf(state), { from: state.start, to: Number.POSITIVE_INFINITY }) && full === null,
    start: state.start <= EARLIEST ? null : formatTime(state.start),
    counted: audit?.counted ?? null,
  };
}

/** Writes a list stream's state: it was read at `readAt`, whole or but for what was refused. */
export function encodeListState(state: ListState, isWhole: boolean): StoredState {
  return {
    state: { v: 1, readAt: formatTime(state.readAt) },
    syncedTo: formatTime(state.readAt),
    complete: isWhole,
    start: null,
    counted: null,
  };
}
