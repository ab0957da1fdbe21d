/** What a way of reading streams has to offer: a reader, and what can be told of a state that it left. */
import type { StoredState } from "../../destination/destination.ts";
import type { Page } from "../../kustomer/search.ts";
import type { Stream } from "../../streams/define.ts";
import type { Clocks } from "../clocks.ts";
import type { Api, Reader, ReaderContext } from "../reader.ts";

/** What a run wants of a reader; see `SyncOptions`. */
export type ReaderOptions = {
  /** Read rows changed at or after this instant (ms); null for everything. */
  readonly start: number | null;
  readonly lookbackMs: number;
  readonly full: boolean;
  /** When the full read began that the run before did not end; null when none is under way. */
  readonly fullSince: number | null;
  readonly audits: boolean;
  readonly clocks: Clocks;
  /** True when the streams were asked for by their names. */
  readonly isNamed: boolean;
  /** The stream's place among those of the run. */
  readonly place: number;
};

export type Way = {
  /** How a stream is read, in words: at length, and shortly. */
  readonly words: readonly [string, string];
  /** Makes a stream's reader, from the state that was kept of it. Throws `store-state`. */
  readonly createReader: (
    stream: Stream,
    stored: StoredState | null,
    options: ReaderOptions,
    context: ReaderContext,
  ) => Reader;
  /** Asks for one row, to see whether the key may read the stream. */
  readonly probe: (api: Api) => Promise<Page>;
  /** From when on (ms) a state claims to hold the stream; null: from the beginning. Throws `store-state`. */
  readonly heldFrom: (stream: Stream, stored: StoredState | null) => number | null;
  /** When the full read began (ms) that a state is in the middle of; null when it is in none. Throws `store-state`. */
  readonly fullReadSince: (stream: Stream, stored: StoredState | null, clocks: Clocks) => number | null;
  /**
   * The state that a repair leaves where the stored one claims more than was ever seen to be so, as one does that
   * was written under a wrong clock; null where it stands. `newest` is as in `Counts`. Throws `store-state`.
   */
  readonly repairedState: (
    stream: Stream,
    stored: StoredState | null,
    clocks: Clocks,
    newest: (before: number) => number | null,
  ) => StoredState | null;
};
