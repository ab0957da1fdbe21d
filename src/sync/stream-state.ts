/**
 * What has been read of a stream, kept between runs. For a search stream it is two sets of `updatedAt`
 * ranges: the instants for which the standard search, and those for which the source of old rows, need not
 * be asked again. An instant is read when it is in both; nothing is ever inferred from a high-water mark.
 */

import type { Counted } from "../destination/destination.ts";
import { intersect, type Ranges } from "./ranges.ts";

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
  /** When the listing began, by the earlier of the two clocks. */
  readonly startedAt: number;
  /** With what words pages beyond those that are read were refused; null when none were. */
  readonly refused: string | null;
  /** Why a row that came could not be kept, as the first of them says; absent when all could. */
  readonly unkept?: string | undefined;
};

/** A reading of everything from the beginning, after which live rows that it did not see are gone. */
export type FullRead = {
  /** When it began, by the earlier of the two clocks. */
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
  /** How many more live rows each source counts than the file has, where reading some again made no difference. */
  readonly unexplainedLive: Readonly<Record<Source, number>>;
  /** How often what is live was counted, in one source or the other. */
  readonly liveTurn: number;
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

/** The instants that need not be asked again of either source. */
export function readOf({ done }: SearchState): Ranges {
  return intersect(done.search, done.archive);
}
