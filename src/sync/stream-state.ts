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

/** How far the reading of a page-numbered tie came: every row at one `updatedAt`. */
export type TieProgress = {
  readonly source: Source;
  readonly at: number;
  /** The next page to ask. */
  readonly page: number;
  /** What `meta.total` was on the first page; null when the API did not say. */
  readonly total: number | null;
  readonly ids: readonly string[];
  /** How often it was begun again because the count had moved. */
  readonly restarts: number;
};

/** How far the listing that stands in for the archive came. */
export type ScanProgress = {
  /** The next page to ask. */
  readonly page: number;
  /** The last id of the page before it, to notice rows that shifted meanwhile; null on the first page. */
  readonly lastId: string | null;
  /** The server's clock when the listing began. */
  readonly startedAt: number;
  /** How often it was begun again because rows had shifted. */
  readonly restarts: number;
};

export type SearchState = {
  /** The earliest instant that was asked for. */
  readonly start: number;
  /** The server's clock at the start of the last run that read something; what lies after it is not claimed. */
  readonly horizon: number;
  readonly done: Readonly<Record<Source, Ranges>>;
  readonly ties: readonly TieProgress[];
  readonly scan: ScanProgress | null;
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

const SearchSchema = v.strictObject({
  v: v.literal(1),
  start: instant,
  horizon: instant,
  done: v.strictObject({ search: ranges, archive: ranges }),
  ties: v.array(
    v.strictObject({
      source,
      at: instant,
      page: v.pipe(v.number(), v.integer(), v.minValue(1)),
      total: v.nullable(v.number()),
      ids: v.array(v.string()),
      restarts: v.number(),
    }),
  ),
  scan: v.nullable(
    v.strictObject({
      page: v.pipe(v.number(), v.integer(), v.minValue(1)),
      lastId: v.nullable(v.string()),
      startedAt: instant,
      restarts: v.number(),
    }),
  ),
});
const ListSchema = v.strictObject({ v: v.literal(1), readAt: instant });

/** Reads a search stream's stored state; null when there is none. Throws `store-state` when it is not one. */
export function decodeSearchState(stream: string, stored: StoredState | null): SearchState | null {
  if (stored === null) return null;
  const { start, horizon, done, ties, scan } = decode(SearchSchema, stream, stored.state);
  return { start, horizon, done, ties, scan };
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
  const claimed = (set: Ranges) =>
    intersect(set, [{ from: EARLIEST, to: state.horizon }]).map(
      ({ from, to }) => [formatTime(from), formatTime(to)] as const,
    );
  const syncedTo = syncedUpTo(state);
  return {
    state: {
      v: 1,
      start: formatTime(state.start),
      horizon: formatTime(state.horizon),
      done: { search: claimed(state.done.search), archive: claimed(state.done.archive) },
      ties: state.ties.map((tie) => ({ ...tie, at: formatTime(tie.at) })),
      scan: state.scan === null ? null : { ...state.scan, startedAt: formatTime(state.scan.startedAt) },
    },
    syncedTo: syncedTo === null ? null : formatTime(syncedTo),
    complete: syncedTo === state.horizon,
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
