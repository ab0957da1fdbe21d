/**
 * Runs a sync: one reader a stream, a few workers over all of them, one writer. A stream that fails leaves
 * the others alone and is never reported as done; what was committed before a failure stays.
 */
import type { Page } from "../kustomer/search.ts";
import { AppError } from "../lib/errors.ts";
import { SEARCH_ROLES, type Stream } from "../streams/define.ts";
import { createListReader } from "./list-reader.ts";
import { isFullReadUnderWay } from "./plan.ts";
import type { Api, Reader, ReaderContext, Step } from "./reader.ts";
import type { StreamReport, StreamStatus } from "./report.ts";
import { createSearchReader } from "./search-reader.ts";
import type { Sink } from "./sink.ts";
import { decodeListState, decodeSearchState } from "./stream-state.ts";

export type SyncOptions = {
  readonly streams: readonly Stream[];
  /** Read rows changed at or after this instant (ms); null for everything. */
  readonly start: number | null;
  readonly lookbackMs: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** The server's clock, ms: never this machine's. */
  readonly now: number;
  /**
   * Read it all again, from the beginning, and then mark live rows as deleted that did not come; rows stay
   * readable meanwhile. One that was interrupted goes on, with this or without.
   */
  readonly full: boolean;
  /** True when the run before was cut short: then `full` does not repeat what its full read had ended. */
  readonly resumes?: boolean;
  /** Ends every request under way, when one error stops the whole run. */
  readonly abort: (reason: AppError) => void;
};

type PlannedOptions = SyncOptions & { readonly fullSince: number | null };

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

export type SyncOutcome = {
  readonly streams: readonly StreamReport[];
  /** What ended the run before its end; null when it came to it. */
  readonly stopped: AppError | null;
};

type Track = {
  readonly reader: Reader;
  read: number;
  written: number;
  deleted: number;
  rejected: number;
  requests: number;
  left: number | null;
  syncedTo: string | null;
  complete: boolean;
  /** Steps under way. */
  active: number;
  error: AppError | null;
  ended: boolean;
};

/**
 * Brings the sink up to date. `denied` says what a 401 or 403 on a stream means: a key that was refused
 * (stops the run) or a role that it lacks (skips the stream).
 */
export async function runSync(
  api: Api,
  sink: Sink,
  options: SyncOptions,
  denied: (error: AppError) => Promise<AppError>,
  events: SyncEvents = {},
): Promise<SyncOutcome> {
  const plan = { ...options, fullSince: options.resumes === true ? fullReadUnderWay(sink, options) : null };
  const tracks = options.streams.map((stream) => startTrack(stream, api, sink, plan, denied, events));
  let stopped: AppError | null = null;
  let bug: unknown = null;
  let wake: () => void = () => {};
  let changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const signalChange = () => {
    wake();
    changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
  };

  const pick = (): { track: Track; step: Step } | null => {
    const open = tracks.filter((track) => track.error === null).sort((a, b) => a.active - b.active);
    for (const way of ["take", "split"] as const) {
      for (const track of open) {
        const step = track.reader[way]();
        if (step !== null) return { track, step };
      }
    }
    return null;
  };

  const judge = async (error: unknown, track: Track): Promise<void> => {
    const refused = error instanceof AppError && (error.status === 401 || error.status === 403);
    // Asking whose key it is can itself be interrupted: by another worker, whose answer came first.
    const judged: unknown = refused ? await denied(error).catch((second: unknown) => second) : error;
    if (!(judged instanceof AppError)) {
      bug ??= judged;
      options.abort(new AppError("interrupted", "stopped by a bug"));
      return;
    }
    const located = locate(judged, track.reader.stream);
    if (located.recovery !== "stop") {
      track.error ??= located;
    } else if (stopped === null) {
      stopped = located;
      options.abort(located);
    }
  };

  const worker = async () => {
    while (stopped === null && bug === null) {
      const next = pick();
      if (next === null) {
        if (tracks.every((track) => track.active === 0)) return;
        await changed;
        continue;
      }
      const { track, step } = next;
      track.active += 1;
      try {
        await step();
      } catch (error) {
        await judge(error, track);
      } finally {
        track.active -= 1;
        endTrack(track, events);
        signalChange();
      }
    }
  };
  for (const track of tracks) {
    try {
      if (stopped === null) track.reader.begin();
    } catch (error) {
      await judge(error, track);
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  if (bug !== null) throw bug;
  return { streams: tracks.map((track) => reportOf(track, stopped !== null)), stopped };
}

/** When the full read began that some of the streams have not ended; null when none is under way. */
function fullReadUnderWay(sink: Sink, { streams, now }: SyncOptions): number | null {
  const begun = streams
    .filter(({ read }) => read.by === "search")
    .map((stream) => decodeSearchState(stream.name, sink.loadState(stream)))
    .filter((state) => state !== null && isFullReadUnderWay(state, now))
    .map((state) => state!.full!.startedAt);
  return begun.length === 0 ? null : Math.max(...begun);
}

/** An error with its stream's name, and for a missing role what this stream needs. */
function locate(error: AppError, { name, read, roles }: Stream): AppError {
  if (error.code !== "role") return error.located(name);
  const search = read.by === "search" ? ` and ${SEARCH_ROLES[0]}` : "";
  return new AppError("role", error.message, {
    at: name,
    status: error.status,
    said: error.said,
    hint: `give the key ${roles[0]}${search}, or leave the stream out with --skip ${name}`,
  });
}

function startTrack(
  stream: Stream,
  api: Api,
  sink: Sink,
  options: PlannedOptions,
  denied: ReaderContext["denied"],
  events: SyncEvents,
): Track {
  const stored = sink.loadState(stream);
  const counted = async (asked: Promise<Page>): Promise<Page> => {
    const page = await asked;
    track.requests += page.requests;
    track.read += page.rows.length;
    track.rejected += page.rejected;
    return page;
  };
  const context: ReaderContext = {
    now: options.now,
    api: { search: (request) => counted(api.search(request)), list: (request) => counted(api.list(request)) },
    commit: (rows, state, more = {}) => {
      const done = sink.commit({ stream, rows, state, now: options.now, ...more });
      track.written += done.written;
      track.deleted += done.deleted;
      if (state !== null) {
        track.syncedTo = state.syncedTo;
        track.complete = state.complete;
      }
      events.progress?.(stream.name, progressOf(track, "reading"));
    },
    countMissing: (ids) => sink.countMissing(stream, ids),
    countUnseen: sink.countUnseen === undefined ? null : (from) => sink.countUnseen!(stream, from),
    denied,
    left: (rows) => {
      track.left = rows;
    },
  };
  const track: Track = {
    reader: readerOf(stream, sink, options, context),
    read: 0,
    written: 0,
    deleted: 0,
    rejected: 0,
    requests: 0,
    left: null,
    syncedTo: stored?.syncedTo ?? null,
    complete: false,
    active: 0,
    error: null,
    ended: false,
  };
  return track;
}

function readerOf(stream: Stream, sink: Sink, options: PlannedOptions, context: ReaderContext): Reader {
  const stored = sink.loadState(stream);
  const { read } = stream;
  if (read.by === "list") {
    decodeListState(stream.name, stored);
    return createListReader(stream, read, context);
  }
  const known = decodeSearchState(stream.name, stored);
  // Where nothing is noted as seen, nothing tells how a full read that was interrupted goes on.
  const canTell = sink.countUnseen !== undefined;
  return createSearchReader(
    stream,
    read,
    options.full && !canTell ? null : known,
    { ...options, full: options.full && canTell },
    context,
  );
}

function progressOf(track: Track, state: StreamProgress["state"]): StreamProgress {
  return { rows: track.read, total: track.left === null ? null : track.read + track.left, state };
}

/** Tells once that a stream has nothing left to do. */
function endTrack(track: Track, events: SyncEvents): void {
  if (track.ended || track.active > 0) return;
  if (track.error === null && !track.reader.finished()) return;
  track.ended = true;
  events.progress?.(track.reader.stream.name, progressOf(track, statusOf(track)));
}

function statusOf(track: Track): StreamStatus {
  if (track.error !== null) return track.error.recovery === "skip" ? "skipped" : "failed";
  if (track.reader.failure() !== null) return "failed";
  return track.complete && track.reader.lacks().length === 0 ? "done" : "partial";
}

/** A stream that is not complete says why, also where nothing failed; a run that was stopped says it once for all. */
function reportOf(track: Track, isStopped: boolean): StreamReport {
  const { reader, read, written, deleted, rejected, requests, syncedTo } = track;
  const status = statusOf(track);
  const open = status === "partial" && !isStopped ? stillOpen(reader.stream.name) : null;
  const error = track.error ?? reader.failure() ?? reader.lacks()[0] ?? open;
  return {
    stream: reader.stream.name,
    status,
    read,
    written,
    deleted,
    rejected,
    requests,
    synced_to: syncedTo,
    error: error === null ? null : error.report(),
  };
}

function stillOpen(stream: string): AppError {
  return new AppError("incomplete", "a part of it is still to be read", {
    at: stream,
    hint: "run sync again: it goes on with that part",
  });
}
