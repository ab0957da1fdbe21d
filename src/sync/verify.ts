/**
 * Holds a file against Kustomer. Everything is read by the engine of a sync, into a destination that notes versions in
 * place of writing rows, so that what makes a sync complete makes this complete too. It reads whole pages:
 * Kustomer's ids-only search costs as many requests of the budget, and tells neither versions nor order.
 */

import type { Comparison, Differences } from "../destination/comparison.ts";
import type { Counts, Destination, StoredState } from "../destination/destination.ts";
import { type AppError, type ErrorReport, EXIT } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import type { Api } from "./reader.ts";
import { wayOf } from "./readers/index.ts";
import { runExitCode, type StreamReport } from "./report.ts";
import { runSync, type SyncEvents, type SyncOptions } from "./run.ts";

export type VerifyOptions = Omit<SyncOptions, "streams" | "start" | "full" | "audits"> & {
  /** The streams, each with the instant (ms) from which on the file holds it; null: from the beginning. */
  readonly streams: readonly { readonly stream: Stream; readonly start: number | null }[];
  /** Writes missing and stale rows, in one transaction a page; null to change nothing. */
  readonly repair: Destination["commit"] | null;
};

/** The shape of a stream in `verify --json`. */
export type StreamVerification = Omit<Differences, "extra" | "sinceSync"> & {
  readonly stream: string;
  /** Null where the stream could not be read to its end: then no row can be called gone. */
  readonly extra: number | null;
  readonly since_sync: number;
  readonly error: ErrorReport | null;
};

export type VerifyOutcome = {
  readonly streams: readonly StreamVerification[];
  readonly exitCode: number;
  /** What ended the run before its end; null when it came to it. */
  readonly stopped: AppError | null;
};

/** From when on (ms) a file claims to hold a stream; null: from the beginning. Throws `store-state`. */
export function heldFrom(stream: Stream, stored: StoredState | null): number | null {
  return wayOf(stream).heldFrom(stream, stored);
}

/** The state that a repair leaves; null where the stored one stands. Throws `store-state`. */
export function repairedState(
  stream: Stream,
  stored: StoredState | null,
  clocks: SyncOptions["clocks"],
  counts: Counts,
): StoredState | null {
  return wayOf(stream).repairedState(stream, stored, clocks, (before) => counts.newest(stream, before));
}

/** Compares, and repairs where asked to; `denied` is as for `runSync`. Throws nothing but bugs. */
export async function runVerify(
  api: Api,
  comparison: Comparison,
  { streams, repair, ...shared }: VerifyOptions,
  denied: (error: AppError) => Promise<AppError>,
  events: SyncEvents = {},
): Promise<VerifyOutcome> {
  const reports = new Map<string, StreamReport>();
  /** Streams whose rows that are not in Kustomer are known. */
  const judged = new Set<string>();
  const destination = noteInto(comparison, repair, judged);
  let stopped: AppError | null = null;
  for (const [start, group] of Map.groupBy(streams, (each) => each.start)) {
    if (stopped !== null) break;
    const chosen = group.map(({ stream }) => stream);
    const options = { ...shared, streams: chosen, start, full: true, audits: false };
    const outcome = await runSync(api, destination, options, denied, events);
    for (const report of outcome.streams) reports.set(report.stream, report);
    stopped = outcome.stopped;
  }
  const results = streams.map(({ stream }) => {
    const { sinceSync, ...found } = comparison.differences(stream);
    const report = reports.get(stream.name);
    const known = judged.has(stream.name);
    const error = report?.error ?? (known ? null : (stopped?.report() ?? null));
    const extra = known ? found.extra : null;
    return { stream: stream.name, ...found, extra, since_sync: sinceSync, error };
  });
  return { streams: results, exitCode: exitCodeOf(results, [...reports.values()], stopped), stopped };
}

/** A destination that takes a run for a reading of everything, and writes only what the file should have and has not. */
function noteInto(
  comparison: Comparison,
  repair: Destination["commit"] | null,
  judged: Set<string>,
): Destination {
  return {
    loadState: () => null,
    commit: async ({ stream, rows, deleted = false, now, seen, sweep }) => {
      const different = comparison.note(stream, rows, deleted);
      const written =
        repair === null || different.length === 0
          ? { written: 0, deleted: 0 }
          : await repair({ stream, rows: different, state: null, deleted, now });
      const isEnd = seen?.step === "end" || sweep !== undefined;
      if (!isEnd) return written;
      judged.add(stream.name);
      const gone = comparison.end(stream, seen?.from ?? null);
      return { written: written.written + gone, deleted: written.deleted + gone };
    },
    gone: comparison.gone,
  };
}

function exitCodeOf(
  results: readonly StreamVerification[],
  reports: readonly StreamReport[],
  stopped: AppError | null,
): number {
  const code = runExitCode(reports, stopped);
  if (code !== EXIT.done) return code;
  const equal = results.every(
    ({ missing, stale, extra, repaired }) => missing + stale + (extra ?? 0) === repaired,
  );
  return equal ? EXIT.done : EXIT.partial;
}
