/**
 * What has been read of a stream, kept between runs. For a search stream it is two sets of `updatedAt`
 * ranges: the instants for which the standard search, and those for which the source of old rows, need not
 * be asked again. An instant is read when it is in both; nothing is ever inferred from a high-water mark.
 */

import * as v from "valibot";
import type { Counted } from "../lib/counted.ts";
import { AppError } from "../lib/errors.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { covers, intersect, normalize, type Ranges } from "./ranges.ts";
import type { StoredState } from "./sink.ts";

/** The standard search, or whatever holds the rows it leaves out for their age. */
export type Source = "search" | "archive";

/** How far the reading of a tie came: every row at one `updatedAt`. */
export type TieProgress = {
  readonly source: Source;
  readonly at: number;
  /** The `createdAt` ranges still to be read, the next one last; null while it is read without them. */
  readonly created: Ranges | null;
  /** How many rows the ranges already read held. */
  readonly counted: number;
  /** Within what is being read: the next page to ask, and how many rows a page holds. */
  readonly page: number;
  readonly pageSize: number;
  /** What `meta.total` was on the first page; null when the API did not say. */
  readonly total: number | null;
  /** What came on the pages before; null when a run before read them. */
  readonly ids: ReadonlySet<string> | null;
  /** How many rows came without a usable id. */
  readonly rejected: number;
  /** How often it was begun again because the count had moved. */
  readonly restarts: number;
};

/** What came of a range and is not proven yet: all of it before `next`, if one of these rows stands there. */
export type Unproven = {
  readonly source: Source;
  readonly from: number;
  readonly next: number;
  readonly ids: readonly string[];
};

/** How far the listing that stands in for the archive came. It is read from its last page to its first. */
export type ScanProgress = {
  /** The next page to ask; 0 when none is left. */
  readonly nextPage: number;
  /** When the listing began, by the clock that was behind. */
  readonly startedAt: number;
  /** With what words pages beyond those that are read were refused; null when none were. */
  readonly refused: string | null;
  /** Why a row that came could not be kept, as the first of them says; absent when all could. */
  readonly unkept?: string | undefined;
};

/** A reading of everything from the beginning, after which live rows that it did not see are gone. */
export type FullRead = {
  /** When it began, by the clock that was behind. */
  readonly startedAt: number;
  /** False until the first of its rows were noted as seen: till then those of an earlier one are in the way. */
  readonly marked: boolean;
};

/** What audits remember of each other. */
export type AuditState = {
  /** How many there were, which says what the next one counts beside the whole. */
  readonly turn: number;
  /** Where to go on where only small parts can be counted; null when it begins again. */
  readonly cursor: number | null;
  /** Rows that the search counts and never gives, or that cannot be kept: as they were, they are no difference. */
  readonly unexplained: number;
  /** How many rows around the two-year border both sources have. */
  readonly overlap: number;
  readonly counted: Counted;
};

export type SearchState = {
  /** The earliest instant that was asked for. */
  readonly start: number;
  /**
   * What lies at or after it is not claimed: the earliest of both clocks, and of the newest instant that the
   * index was seen to know. `EARLIEST` while it showed none.
   */
  readonly horizon: number;
  /** True once the horizon was older than the look-back when it was read; until then what lies before it is read again. */
  readonly settled: boolean;
  /** True when the stored state said that the rows of the horizon's own instant were read, every one of them. */
  readonly isRead: boolean;
  /** This machine's clock when the horizon came to be where it is. */
  readonly since: number;
  /** True until the stream was first read to its end: till then both sources are asked for all of it. */
  readonly first: boolean;
  readonly done: Readonly<Record<Source, Ranges>>;
  readonly ties: readonly TieProgress[];
  readonly unproven: readonly Unproven[];
  readonly scan: ScanProgress | null;
  /** Null when no full read is under way. */
  readonly full: FullRead | null;
  /** When the last full read that came to its end began; null when none did. */
  readonly fullReadAt: number | null;
  /** Null when there was none yet. */
  readonly audit: AuditState | null;
};

/** A state of version 1 claimed up to the server's clock: its horizon is no evidence of anything. */
export type OldState = Omit<SearchState, "settled" | "isRead" | "since" | "first" | "audit" | "unproven"> & {
  readonly old: true;
};

export type ListState = { readonly readAt: number };

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
      unexplained: v.pipe(v.number(), v.integer()),
      overlap: count,
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

/** A tie at one instant of a source, of which nothing has been read. */
export function newTie(source: Source, at: number, pageSize: number): TieProgress {
  return { source, at, pageSize, created: null, counted: 0, ...TIE_BEGINNING };
}

/** What is forgotten when what is being read of a tie is begun anew. */
export const TIE_BEGINNING = {
  page: 1,
  total: null,
  ids: new Set<string>(),
  rejected: 0,
  restarts: 0,
} as const satisfies Partial<TieProgress>;

/**
 * Writes a search stream's state; `asked` is when the run that it is of began, by the clock that was behind, and
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

/** Where the reading of "everything" begins: Kustomer has no older rows, and any server can parse it. */
export const EARLIEST = Date.UTC(1900, 0, 1);

/**
 * The instant up to which everything since the start was asked for and answered, no later than `asked`; null
 * when nothing was. It is for people: what the next run asks for follows from the ranges and the horizon.
 */
export function syncedUpTo(state: SearchState, asked: number): number | null {
  const first = readOf(state).find((range) => range.from <= state.start && range.to > state.start);
  return first === undefined ? null : Math.min(first.to, asked);
}

function readOf({ done }: SearchState): Ranges {
  return intersect(done.search, done.archive);
}
