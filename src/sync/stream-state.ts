/**
 * What has been read of a stream, kept between runs. For a search stream it is two sets of `updatedAt`
 * ranges: the instants for which the standard search, and those for which the source of old rows, need not
 * be asked again. An instant is read when it is in both; nothing is ever inferred from a high-water mark.
 */
import * as v from "valibot";
import { AppError } from "../lib/errors.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { intersect, normalize, type Ranges } from "./ranges.ts";
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
  /** What came on the pages before, and how many rows came without a usable id. */
  readonly ids: readonly string[];
  readonly rejected: number;
  /** How often it was begun again because the count had moved. */
  readonly restarts: number;
};

/** How far the listing that stands in for the archive came. It is read from its last page to its first. */
export type ScanProgress = {
  /** The next page to ask; 0 when none is left. */
  readonly nextPage: number;
  /** The server's clock when the listing began. */
  readonly startedAt: number;
  /** With what words pages beyond those that are read were refused; null when none were. */
  readonly refused: string | null;
};

/** A reading of everything from the beginning, after which live rows that it did not see are gone. */
export type FullRead = {
  /** The server's clock when it began. */
  readonly startedAt: number;
  /** False until the first of its rows were noted as seen: till then those of an earlier one are in the way. */
  readonly marked: boolean;
};

export type SearchState = {
  /** The earliest instant that was asked for. */
  readonly start: number;
  /** The server's clock at the start of the last run that read something; what lies after it is not claimed. */
  readonly horizon: number;
  readonly done: Readonly<Record<Source, Ranges>>;
  readonly ties: readonly TieProgress[];
  readonly scan: ScanProgress | null;
  /** Null when no full read is under way. */
  readonly full: FullRead | null;
  /** When the last full read that came to its end began; null when none did. */
  readonly fullReadAt: number | null;
};

export type ListState = { readonly readAt: number };

const instant = v.pipe(
  v.string(),
  v.transform((text) => parseTime(text) ?? Number.NaN),
  v.check((ms) => !Number.isNaN(ms), "not an instant"),
);
const ranges = v.pipe(
  v.array(v.tuple([instant, instant])),
  v.transform((pairs) => normalize(pairs.map(([from, to]) => ({ from, to })))),
);
const source = v.picklist(["search", "archive"]);
const pageNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const SearchSchema = v.strictObject({
  v: v.literal(1),
  start: instant,
  horizon: instant,
  done: v.strictObject({ search: ranges, archive: ranges }),
  ties: v.array(
    v.strictObject({
      source,
      at: instant,
      created: v.optional(v.nullable(ranges), null),
      counted: v.optional(count, 0),
      page: pageNumber,
      pageSize: v.optional(pageNumber, 500),
      total: v.nullable(count),
      ids: v.array(v.string()),
      rejected: v.optional(count, 0),
      restarts: count,
    }),
  ),
  scan: v.nullable(v.strictObject({ nextPage: count, startedAt: instant, refused: v.nullable(v.string()) })),
  full: v.optional(v.nullable(v.strictObject({ startedAt: instant })), null),
  fullReadAt: v.optional(v.nullable(instant), null),
});
const ListSchema = v.strictObject({ v: v.literal(1), readAt: instant });

/** Reads a search stream's stored state; null when there is none. Throws `store-state` when it is not one. */
export function decodeSearchState(stream: string, stored: StoredState | null): SearchState | null {
  if (stored === null) return null;
  const { v: _, full, ...state } = decode(SearchSchema, stream, stored.state);
  return { ...state, full: full === null ? null : { ...full, marked: true } };
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

/** Writes a search stream's state. Instants at or after the horizon are left out: they may still change. */
export function encodeSearchState(state: SearchState): StoredState {
  const pairs = (set: Ranges) => set.map(({ from, to }) => [formatTime(from), formatTime(to)] as const);
  const claimed = (set: Ranges) => pairs(intersect(set, [{ from: EARLIEST, to: state.horizon }]));
  const { scan, full, fullReadAt } = state;
  const syncedTo = syncedUpTo(state);
  return {
    state: {
      v: 1,
      start: formatTime(state.start),
      horizon: formatTime(state.horizon),
      done: { search: claimed(state.done.search), archive: claimed(state.done.archive) },
      ties: state.ties.map((tie) => ({
        ...tie,
        at: formatTime(tie.at),
        created: tie.created === null ? null : pairs(tie.created),
      })),
      scan: scan === null ? null : { ...scan, startedAt: formatTime(scan.startedAt) },
      full: full === null ? null : { startedAt: formatTime(full.startedAt) },
      fullReadAt: fullReadAt === null ? null : formatTime(fullReadAt),
    },
    syncedTo: syncedTo === null ? null : formatTime(syncedTo),
    complete: syncedTo === state.horizon && full === null,
  };
}

/** Writes a list stream's state: it was read whole at `readAt`. */
export function encodeListState(state: ListState): StoredState {
  return {
    state: { v: 1, readAt: formatTime(state.readAt) },
    syncedTo: formatTime(state.readAt),
    complete: true,
  };
}

/** Where the reading of "everything" begins: Kustomer has no older rows, and any server can parse it. */
export const EARLIEST = Date.UTC(1900, 0, 1);

/** The instant up to which everything since the start has been read without a gap; null when nothing has. */
export function syncedUpTo(state: SearchState): number | null {
  const read = intersect(state.done.search, state.done.archive);
  const first = read.find((range) => range.from <= state.start && range.to > state.start);
  return first === undefined ? null : Math.min(first.to, state.horizon);
}
