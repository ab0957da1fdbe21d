/** What the workers know of a stream being read: it hands out steps until it has none. */

import type { Counted, Seen, StoredState, Suspect } from "../destination/destination.ts";
import type { Page, SearchRequest } from "../kustomer/search.ts";
import type { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import type { Stream } from "../streams/define.ts";
import type { Clocks } from "./clocks.ts";
import type { Range } from "./ranges.ts";

/** One piece of work: a request, or a few, and the commit of what they brought. */
export type Step = () => Promise<void>;

export type Reader = {
  readonly stream: Stream;
  /** Notes what this run is to do, before anything is asked, so that the next can go on with it. */
  readonly begin: () => Promise<void>;
  /** Takes the next idle piece of work; null when all of it is under way or done. */
  readonly take: () => Step | null;
  /** Splits a piece that another worker reads, so that many read one big stream; null when it is not worth it. */
  readonly split: () => Step | null;
  /** True when every piece of work is done. */
  readonly finished: () => boolean;
  /** Why a part could not be read although the rest was; empty when everything was. */
  readonly lacks: () => readonly AppError[];
  /** Why rows that Kustomer has cannot be made to come; all that can be are read first. Null when all came. */
  readonly failure: () => AppError | null;
};

export type Query = Readonly<Record<string, string>>;

/** The API as the engine sees it: pages that are already retried, limited and checked for their shape. */
export type Api = {
  readonly search: (request: SearchRequest) => Promise<Page>;
  readonly list: (request: {
    path: string;
    query?: Query;
    isDocument?: boolean | undefined;
    rows?: "own" | "included" | undefined;
    accepts?: ((type: string) => boolean) | undefined;
  }) => Promise<Page>;
};

export type ReaderContext = {
  readonly api: Api;
  /** Asks a list for rows that are not the stream's own, but lead to them. */
  readonly askAside: Api["list"];
  /** Says how many rows of the stream came in what was asked for aside. */
  readonly came: (rows: number) => void;
  /** Has rows kept, and the state after them unless it is null, both or neither; resolves when they are. */
  readonly commit: (
    rows: readonly Resource[],
    state: StoredState | null,
    more?: {
      deleted?: boolean;
      sweep?: ReadonlySet<string>;
      seen?: Seen;
      gone?: readonly string[];
    },
  ) => Promise<void>;
  /** What `Gone` tells, of this stream; null when the destination cannot. */
  readonly gone: {
    readonly countMissing: (ids: ReadonlySet<string>) => number;
    readonly countUnseen: (from: number | null) => number;
    readonly listUnseen: (from: number | null, after: Suspect | null, limit: number) => readonly Suspect[];
  } | null;
  /** What `Counts` tells, of this stream; null when the destination cannot. */
  readonly counts: {
    readonly count: (range: Range) => number;
    readonly live: (range: Range) => number;
    readonly instantAt: (range: Range, offset: number) => number | null;
    readonly absent: (range: Range, ids: ReadonlySet<string>, limit: number) => readonly Suspect[];
    readonly newest: (before: number) => number | null;
  } | null;
  /** Says what an audit counted. */
  readonly counted: (counted: Counted) => void;
  /** What a 401 or 403 means, as `runSync` wants to know it. */
  readonly denied: (error: AppError) => Promise<AppError>;
  /** At the start of the run. */
  readonly clocks: Clocks;
  /** Says how many rows are still to come, as far as is known. */
  readonly left: (rows: number) => void;
};
