/**
 * One stream on its way through a run: its reader, what came of it, and what is told of it afterwards. What a stream
 * lacks is never left out of its report.
 */
import type { Counted, Destination } from "../destination/destination.ts";
import type { Page } from "../kustomer/search.ts";
import type { KeptOut } from "../kustomer/shapes.ts";
import { AppError } from "../lib/errors.ts";
import { isTypeOf, type Stream } from "../streams/define.ts";
import { earliestOf } from "./clocks.ts";
import type { Commit } from "./commits.ts";
import type { Api, Reader, ReaderContext } from "./reader.ts";
import { wayOf } from "./readers/index.ts";
import { isAbsence, type StreamReport, type StreamStatus } from "./report.ts";
import type { SyncOptions } from "./run.ts";

/** At most this many of the rows that were kept out are named. */
const NAMED = 5;

export type PlannedOptions = SyncOptions & { readonly fullSince: number | null };

export type StreamProgress = {
  /** Rows that came in this run. */
  readonly rows: number;
  /** How many rows this run will read, as far as is known; null before anything is. */
  readonly total: number | null;
  readonly state: "reading" | StreamStatus;
};

export type SyncEvents = {
  readonly progress?: (stream: string, progress: StreamProgress) => void;
};

export type Track = {
  readonly reader: Reader;
  read: number;
  written: number;
  deleted: number;
  rejected: number;
  /** Some of these. */
  readonly keptOut: KeptOut[];
  requests: number;
  left: number | null;
  syncedTo: string | null;
  complete: boolean;
  /** What an audit counted; null when there was none. */
  counted: Counted | null;
  /** Steps under way. */
  active: number;
  error: AppError | null;
  ended: boolean;
  /** True when the streams were asked for by their names. */
  readonly isNamed: boolean;
};

/** Makes a stream's reader, from the state that the destination has of it. Throws `store-state`. */
export function startTrack(
  stream: Stream,
  place: number,
  api: Api,
  destination: Destination,
  commit: Commit,
  options: PlannedOptions,
  denied: ReaderContext["denied"],
  events: SyncEvents,
): Track {
  const { isNamed = false } = options;
  const stored = destination.loadState(stream);
  let saved = stored === null ? null : JSON.stringify(stored);
  const accepts = (type: string) => isTypeOf(stream, type);
  const counted = async (asked: Promise<Page>): Promise<Page> => {
    const page = await asked;
    track.requests += page.requests;
    track.read += page.rows.length;
    keepAccount(track, page);
    return page;
  };
  const context: ReaderContext = {
    clocks: options.clocks,
    api: {
      search: (request) => counted(api.search({ ...request, accepts })),
      list: (request) => counted(api.list({ ...request, accepts })),
    },
    askAside: async (request) => {
      const page = await api.list(request);
      track.requests += page.requests;
      return page;
    },
    came: (rows) => {
      track.read += rows;
    },
    commit: async (rows, state, more = {}) => {
      const after = state === null ? saved : JSON.stringify(state);
      // What would change nothing is no commit, which costs the disk its time.
      if (rows.length > 0 || after !== saved || Object.keys(more).length > 0) {
        saved = after;
        try {
          const done = await commit({ stream, rows, state, now: earliestOf(options.clocks), ...more });
          track.written += done.written;
          track.deleted += done.deleted;
        } catch (error) {
          saved = null;
          throw error;
        }
      }
      if (state !== null) {
        track.syncedTo = state.syncedTo;
        track.complete = state.complete;
      }
      events.progress?.(stream.name, progressOf(track, "reading"));
    },
    gone: goneOf(destination, stream),
    counts: countsOf(destination, stream),
    counted: (counted) => {
      track.counted = counted;
    },
    denied,
    left: (rows) => {
      track.left = rows;
    },
  };
  const track: Track = {
    reader: wayOf(stream).createReader(
      stream,
      stored,
      { ...options, audits: options.audits ?? false, isNamed, place },
      context,
    ),
    read: 0,
    written: 0,
    deleted: 0,
    rejected: 0,
    keptOut: [],
    requests: 0,
    left: null,
    syncedTo: stored?.syncedTo ?? null,
    complete: false,
    counted: null,
    active: 0,
    error: null,
    ended: false,
    isNamed,
  };
  return track;
}

/** Notes the rows of a page that were kept out; one that comes again, as around a border, is named once. */
function keepAccount(track: Track, { rejected, keptOut }: Page): void {
  track.rejected += rejected;
  for (const out of keptOut) {
    const isNamed = track.keptOut.some(({ id, why }) => id !== null && id === out.id && why === out.why);
    if (!isNamed && track.keptOut.length < NAMED) track.keptOut.push(out);
  }
}

function goneOf({ gone }: Destination, stream: Stream): ReaderContext["gone"] {
  if (gone === undefined) return null;
  return {
    countMissing: (ids) => gone.countMissing(stream, ids),
    countUnseen: (from) => gone.countUnseen(stream, from),
    listUnseen: (from, after, limit) => gone.listUnseen(stream, from, after, limit),
  };
}

function countsOf({ counts }: Destination, stream: Stream): ReaderContext["counts"] {
  if (counts === undefined) return null;
  return {
    count: (range) => counts.count(stream, range),
    live: (range) => counts.live(stream, range),
    instantAt: (range, offset) => counts.instantAt(stream, range, offset),
    absent: (range, ids, limit) => counts.absent(stream, range, ids, limit),
    newest: (before) => counts.newest(stream, before),
  };
}

function progressOf(track: Track, state: StreamProgress["state"]): StreamProgress {
  return { rows: track.read, total: track.left === null ? null : track.read + track.left, state };
}

/** Tells once that a stream has nothing left to do. */
export function endTrack(track: Track, events: SyncEvents): void {
  if (track.ended || track.active > 0) return;
  if (track.error === null && !track.reader.finished()) return;
  track.ended = true;
  events.progress?.(track.reader.stream.name, progressOf(track, statusOf(track)));
}

function statusOf(track: Track): StreamStatus {
  if (track.error !== null) {
    if (isAbsence(track.reader.stream, track.isNamed, track.error)) return "absent";
    return track.error.recovery === "skip" ? "skipped" : "failed";
  }
  if (track.reader.failure() !== null) return "failed";
  const isWhole = track.complete && track.reader.lacks().length === 0 && unkept(track) === null;
  return isWhole ? "done" : "partial";
}

/** A stream that is not complete says why, also where nothing failed; a run that was stopped says it once for all. */
export function reportOf(track: Track, isStopped: boolean): StreamReport {
  const { reader, read, written, deleted, rejected, keptOut, requests, syncedTo } = track;
  const status = statusOf(track);
  const open = status === "partial" && !isStopped ? stillOpen(reader.stream.name) : null;
  const error = track.error ?? reader.failure() ?? reader.lacks()[0] ?? unkept(track) ?? open;
  return {
    stream: reader.stream.name,
    status,
    read,
    written,
    deleted,
    rejected,
    kept_out: keptOut.map(({ id, why }) => `${id ?? "a row"} ${why}`),
    requests,
    synced_to: syncedTo,
    counted: track.counted,
    error: error === null ? null : error.report(),
  };
}

/** A row that has an id and cannot be kept is missing; one without an id is none that anybody could miss. */
function unkept({ keptOut, reader }: Track): AppError | null {
  const row = keptOut.find(({ id }) => id !== null);
  if (row === undefined) return null;
  return new AppError("incomplete", `a row cannot be kept: ${row.id} ${row.why}`, {
    at: reader.stream.name,
    hint: "all other rows are read; look at it in Kustomer",
  });
}

function stillOpen(stream: string): AppError {
  return new AppError("incomplete", "a part of it is still to be read", {
    at: stream,
    hint: "run sync again: it goes on with that part",
  });
}
