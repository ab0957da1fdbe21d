/**
 * One sync from end to end, for `sync` and `demo`: who the key is, the file, the run, the report. The file
 * is not touched before the key was seen to work.
 */
import { listPage } from "../kustomer/list.ts";
import { searchPage } from "../kustomer/search.ts";
import { classifyDenied, readToken } from "../kustomer/token.ts";
import { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { formatTime } from "../lib/time.ts";
import { VERSION } from "../lib/version.ts";
import { openStore, type Store } from "../store/store.ts";
import type { Stream } from "../streams/define.ts";
import { type RunReport, runExitCode, runStatus } from "../sync/report.ts";
import { runSync } from "../sync/run.ts";
import type { Connection } from "./connect.ts";
import type { Progress } from "./progress.ts";

export type SynchronizeOptions = {
  readonly db: string;
  readonly streams: readonly Stream[];
  readonly start: number | null;
  readonly lookbackMs: number;
  readonly concurrency: number;
  readonly full: boolean;
};

export type Synchronized = {
  readonly report: RunReport;
  readonly exitCode: number;
  /** What ended the run early; null when it came to its end. */
  readonly stopped: AppError | null;
};

/** A server without a clock is given this machine's, put back by more than any clock is wrong. */
const UNKNOWN_CLOCK_MS = 25 * 3_600_000;
const WAIT_POLL_MS = 500;

/**
 * Runs a sync and returns its report; throws only what prevents a run from beginning (`auth`, `network`,
 * the file) and bugs. `controller` is aborted when an error stops the run.
 */
export async function synchronize(
  { client, limiter }: Connection,
  options: SynchronizeOptions,
  controller: AbortController,
  { log, progress }: { log: Log; progress: Progress },
): Promise<Synchronized> {
  const token = await readToken(client);
  if (token.serverTime === null) log.warn("the API sent no Date header: reading the last 25 hours again");
  const now = token.serverTime ?? Date.now() - UNKNOWN_CLOCK_MS;
  const store = openStore(options.db, { mode: "create" });
  const poll = setInterval(() => {
    const { searchUsed, search, waitMs } = limiter.stats();
    progress.searches(searchUsed, search);
    progress.waiting(waitMs === null ? null : Date.now() + waitMs);
  }, WAIT_POLL_MS);
  try {
    store.lock.acquire("sync");
    const startedAt = formatTime(Date.now());
    const run = store.beginRun({
      startedAt,
      version: VERSION,
      api: client.baseUrl,
      org: token.orgId,
      streams: options.streams.map(({ name }) => name),
    });
    if (store.wasEmpty) log.info(`${options.db} is new: this is a full read`);
    const before = client.stats();
    const outcome = await noted(store, run, () =>
      runSync(
        { search: (request) => searchPage(client, request), list: (request) => listPage(client, request) },
        store,
        { ...options, now, abort: (reason) => controller.abort(reason) },
        (error) => classifyDenied(client, error),
        { progress: progress.update },
      ),
    );
    const after = client.stats();
    const report: RunReport = {
      run,
      status: runStatus(outcome.streams, outcome.stopped),
      started_at: startedAt,
      finished_at: formatTime(Date.now()),
      requests: after.requests - before.requests + 1,
      waited_ms: Math.round(after.waitedMs - before.waitedMs),
      streams: outcome.streams,
    };
    if (outcome.stopped === null || outcome.stopped.exitCode !== 5) store.finishRun(run, report);
    return { report, exitCode: runExitCode(outcome.streams, outcome.stopped), stopped: outcome.stopped };
  } finally {
    clearInterval(poll);
    store.close();
  }
}

/** Notes a run that could not even begin as failed, where the file allows it. */
async function noted<T>(store: Store, run: number, action: () => Promise<T>): Promise<T> {
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
    if (error instanceof AppError && error.code === "store-state") store.finishRun(run, end);
    throw error;
  }
}
