/**
 * Holds a file against Kustomer. Everything is read by the engine of a sync, into a sink that notes versions in
 * place of writing rows, so that what makes a sync complete makes this complete too. It reads whole pages:
 * Kustomer's ids-only search costs as many requests of the budget, and tells neither versions nor order.
 */
import { AppError, type ErrorReport, EXIT } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import type { Comparison, Differences } from "./comparison.ts";
import { confirmExtra } from "./confirm-extra.ts";
import { intersect } from "./ranges.ts";
import type { Api } from "./reader.ts";
import { runExitCode, type StreamReport } from "./report.ts";
import { runSync, type SyncEvents, type SyncOptions } from "./run.ts";
import type { Sink, StoredState } from "./sink.ts";
import { decodeSearchState, EARLIEST } from "./stream-state.ts";

export type VerifyOptions = Omit<SyncOptions, "streams" | "start" | "full"> & {
  /** The streams, each with the instant (ms) from which on the file holds it; null: from the beginning. */
  readonly streams: readonly { readonly stream: Stream; readonly start: number | null }[];
  /** Asks the server's clock anew, ms. */
  readonly clock: () => Promise<number>;
  /** Writes missing and stale rows, in one transaction a page; null to change nothing. */
  readonly repair: Sink["commit"] | null;
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
  if (stream.read.by === "list") return null;
  const state = decodeSearchState(stream.name, stored);
  if (state === null) return null;
  const [first] = intersect(state.done.search, state.done.archive);
  const from = Math.min(state.start, first?.from ?? state.start);
  return from <= EARLIEST ? null : from;
}

/** Compares, and repairs where asked to; `denied` is as for `runSync`. Throws nothing but bugs. */
export async function runVerify(
  api: Api,
  comparison: Comparison,
  { streams, clock, repair, ...shared }: VerifyOptions,
  denied: (error: AppError) => Promise<AppError>,
  events: SyncEvents = {},
): Promise<VerifyOutcome> {
  const sink = noteInto(comparison, repair);
  const read = (chosen: readonly Stream[], start: number | null, now: number, tell: SyncEvents) =>
    runSync(api, sink, { ...shared, streams: chosen, start, now, full: true }, denied, tell);

  const reports = new Map<string, StreamReport>();
  /** Streams whose rows that are not in Kustomer are known. */
  const judged = new Set<string>();
  const fail = ({ name }: Stream, error: AppError) =>
    reports.set(name, { ...reports.get(name)!, status: "failed", error: error.located(name).report() });
  let stopped: AppError | null = null;
  const stop = (error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    stopped = error;
  };

  for (const [start, group] of Map.groupBy(streams, (each) => each.start)) {
    if (stopped !== null) break;
    const chosen = group.map(({ stream }) => stream);
    const outcome = await read(chosen, start, shared.now, events);
    for (const report of outcome.streams) reports.set(report.stream, report);
    stopped = outcome.stopped;
  }
  const whole = streams.filter(({ stream }) => reports.get(stream.name)?.status === "done");
  if (stopped === null) {
    try {
      const suspect = whole.filter(({ stream, start }) => comparison.findExtra(stream, start) > 0);
      const moving = suspect.map(({ stream }) => stream).filter((stream) => stream.read.by === "search");
      const unsure = await confirmExtra(moving, comparison, {
        since: shared.now,
        lookbackMs: shared.lookbackMs,
        clock,
        read: (chosen, start, now) => read(chosen, start, now, {}),
      });
      for (const { stream } of whole) {
        const doubt = unsure.get(stream);
        if (doubt !== undefined) fail(stream, doubt);
        else judged.add(stream.name);
      }
      for (const { stream } of suspect) {
        if (repair !== null && judged.has(stream.name)) markExtra(stream);
      }
    } catch (error) {
      stop(error);
    }
  }

  function markExtra(stream: Stream): void {
    try {
      comparison.markExtra(stream);
    } catch (error) {
      if (!(error instanceof AppError) || error.recovery === "stop") throw error;
      fail(stream, error);
    }
  }

  const results = streams.map(({ stream }) => {
    const { sinceSync, ...found } = comparison.differences(stream);
    const known = judged.has(stream.name);
    const error = reports.get(stream.name)?.error ?? (known ? null : (stopped?.report() ?? null));
    const extra = known ? found.extra : null;
    return { stream: stream.name, ...found, extra, since_sync: sinceSync, error };
  });
  return { streams: results, exitCode: exitCodeOf(results, [...reports.values()], stopped), stopped };
}

/** A sink that takes a run for a reading of everything, and writes only what the file should have and has not. */
function noteInto(comparison: Comparison, repair: Sink["commit"] | null): Sink {
  return {
    loadState: () => null,
    commit: ({ stream, rows, deleted = false, now }) => {
      const different = comparison.note(stream, rows, deleted);
      if (repair === null || different.length === 0) return { written: 0, deleted: 0 };
      return repair({ stream, rows: different, state: null, deleted, now });
    },
    countMissing: comparison.countMissing,
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
