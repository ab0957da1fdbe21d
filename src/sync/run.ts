/**
 * Runs a sync: one reader a stream, a few workers over all of them, one writer. A stream that fails leaves
 * the others alone and is never reported as done; what was committed before a failure stays.
 */

import type { Destination } from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import type { Clocks } from "./clocks.ts";
import { createCommits } from "./commits.ts";
import type { Api, Step } from "./reader.ts";
import { wayOf } from "./readers/index.ts";
import type { StreamReport } from "./report.ts";
import { endTrack, reportOf, type SyncEvents, startTrack, type Track } from "./track.ts";

export type { StreamProgress, SyncEvents } from "./track.ts";

export type SyncOptions = {
  readonly streams: readonly Stream[];
  /** Read rows changed at or after this instant (ms); null for everything. */
  readonly start: number | null;
  readonly lookbackMs: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** At the start of the run. */
  readonly clocks: Clocks;
  /**
   * Read it all again, from the beginning, and then mark live rows as deleted that did not come; rows stay
   * readable meanwhile. One that was interrupted goes on, with this or without.
   */
  readonly full: boolean;
  /** True when the streams were asked for by their names; then what an account may not have is missed. Default: false. */
  readonly isNamed?: boolean;
  /** Whether to count afterwards what the index has and what the destination has; see `audit`. */
  readonly audits?: boolean;
  /** True when the run before was cut short: then `full` does not repeat what its full read had ended. */
  readonly resumes?: boolean;
  /** Ends every request under way, when one error stops the whole run. */
  readonly abort: (reason: AppError) => void;
};

export type SyncOutcome = {
  readonly streams: readonly StreamReport[];
  /** What ended the run before its end; null when it came to it. */
  readonly stopped: AppError | null;
};

/**
 * Brings the destination up to date. `denied` says what a 401 or 403 on a stream means: a key that was refused
 * (stops the run) or a role that it lacks (skips the stream).
 */
export async function runSync(
  api: Api,
  destination: Destination,
  options: SyncOptions,
  denied: (error: AppError) => Promise<AppError>,
  events: SyncEvents = {},
): Promise<SyncOutcome> {
  const plan = {
    ...options,
    fullSince: options.resumes === true ? fullReadUnderWay(destination, options) : null,
  };
  const commits = createCommits(destination);
  const tracks = options.streams.map((stream, place) =>
    startTrack(stream, place, api, destination, commits.commit, plan, denied, events),
  );
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
      if (stopped === null) await track.reader.begin();
    } catch (error) {
      await judge(error, track);
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  await commits.settled();
  if (bug !== null) throw bug;
  return { streams: tracks.map((track) => reportOf(track, stopped !== null)), stopped };
}

/** When the full read began that some of the streams have not ended; null when none is under way. */
function fullReadUnderWay(destination: Destination, { streams, clocks }: SyncOptions): number | null {
  const begun = streams.flatMap(
    (stream) => wayOf(stream).fullReadSince(stream, destination.loadState(stream), clocks) ?? [],
  );
  return begun.length === 0 ? null : Math.max(...begun);
}

/** An error with its stream's name, and for a missing role what this stream needs. */
function locate(error: AppError, { name, roles, searchRoles }: Stream): AppError {
  if (error.code !== "role") return error.located(name);
  const search = searchRoles.length === 0 ? "" : ` and ${searchRoles[0]}`;
  return new AppError("role", error.message, {
    at: name,
    status: error.status,
    said: error.said,
    hint: `give the key ${roles[0]}${search}, or leave the stream out with --skip ${name}`,
  });
}
