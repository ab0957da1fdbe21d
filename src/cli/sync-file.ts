/**
 * One sync from end to end, for `sync` and `demo`: who the key is, the file, the run, the report. The file
 * is not touched before the key was seen to work.
 */
import type { Destination, Run } from "../destination/destination.ts";
import { listed } from "../lib/amounts.ts";
import { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { formatTime, readableTime } from "../lib/time.ts";
import { VERSION } from "../lib/version.ts";
import { openFileRun } from "../store/file-run.ts";
import type { Stream } from "../streams/define.ts";
import { type RunReport, runExitCode, runStatus } from "../sync/report.ts";
import { runSync } from "../sync/run.ts";
import { meetAccount, showLimiter } from "./account.ts";
import type { Connection } from "./connect.ts";
import type { Progress } from "./progress.ts";

export type SyncFileOptions = {
  readonly db: string;
  readonly streams: readonly Stream[];
  readonly start: number | null;
  /** True when the streams were asked for by their names. */
  readonly isNamed: boolean;
  readonly lookbackMs: number;
  readonly concurrency: number;
  readonly full: boolean;
  /** Count afterwards what the search index has and what the file has, and mend what differs. */
  readonly audits: boolean;
  /** Mark rows that a complete listing lacks as deleted, however many they are. */
  readonly force: boolean;
  /** Take the file from another process that holds it. */
  readonly takeOver: boolean;
};

export type SyncedFile = {
  readonly report: RunReport;
  readonly exitCode: number;
  /** What ended the run early; null when it came to its end. */
  readonly stopped: AppError | null;
};

/**
 * Runs a sync and returns its report; throws only what prevents a run from beginning (`auth`, `network`,
 * the file) and bugs. `controller` is aborted when an error stops the run.
 */
export async function syncFile(
  connection: Connection,
  { force, takeOver, ...options }: SyncFileOptions,
  controller: AbortController,
  { log, progress, signal }: { log: Log; progress: Progress; signal: AbortSignal },
): Promise<SyncedFile> {
  const account = await meetAccount(connection, log);
  const startedAt = formatTime(Date.now());
  const file = {
    ...{ path: options.db, force, takeOver },
    ...{ heard: account.clocks.server, signal, onWatch: log.info },
  };
  const run = await openFileRun(file, {
    startedAt,
    version: VERSION,
    api: connection.client.baseUrl,
    org: account.orgId,
    streams: options.streams.map(({ name }) => name),
  });
  const stopShowing = showLimiter(connection, progress);
  try {
    const { destination, resumes } = run;
    if (run.isNew) log.info(`${options.db} is new: this is a full read`);
    const outcome = await noted(run, async () => {
      tellOlder(destination, options, log);
      return await runSync(
        account.api,
        destination,
        { ...options, resumes, clocks: account.clocks, abort: (reason) => controller.abort(reason) },
        account.denied,
        { progress: progress.update },
      );
    });
    const report: RunReport = {
      run: run.id!,
      status: runStatus(outcome.streams, outcome.stopped),
      started_at: startedAt,
      finished_at: formatTime(Date.now()),
      ...account.spent(),
      streams: outcome.streams,
    };
    if (outcome.stopped?.isOfFile !== true) await run.finish(report);
    return { report, exitCode: runExitCode(outcome.streams, outcome.stopped), stopped: outcome.stopped };
  } finally {
    stopShowing();
    await run.close();
  }
}

/** A run that goes on to rows older than a former start date reads more than changes, and says why. */
function tellOlder(
  { loadState }: Destination,
  { streams, start }: Pick<SyncFileOptions, "streams" | "start">,
  log: Log,
): void {
  const starts = streams.flatMap((stream) => {
    const former = loadState(stream)?.start ?? null;
    const isOlder = former !== null && (start === null || start < Date.parse(former));
    return isOlder ? [{ name: stream.name, former }] : [];
  });
  const from = start === null ? "" : ` since ${readableTime(formatTime(start))}`;
  for (const [former, group] of Map.groupBy(starts, (each) => each.former)) {
    const names = listed(group.map(({ name }) => name));
    log.info(`${names}: read since ${readableTime(former)} until now; older changes${from} are read, too`);
  }
}

/** Notes a run that could not even begin as failed, where the file allows it. */
async function noted<T>(run: Run, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const end = {
      finished_at: formatTime(Date.now()),
      status: "failed",
      requests: 1,
      waited_ms: 0,
      streams: [],
    };
    if (error instanceof AppError && error.code === "store-state") await run.finish(end);
    throw error;
  }
}
