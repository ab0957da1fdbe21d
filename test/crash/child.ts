/**
 * One sync, as `cli/sync-file.ts` does it, in a process that kills itself where it is told to. SIGKILL ends
 * a process as a power button does: nothing is caught, flushed or closed.
 *
 *   bun test/crash/child.ts '{"url": "http://127.0.0.1:1", "db": "a.db", "concurrency": 8, "kill": null}'
 */
import { Database } from "bun:sqlite";
import type { Batch, Destination } from "../../src/destination/destination.ts";
import { createClient } from "../../src/kustomer/client.ts";
import { createLimiter } from "../../src/kustomer/limiter.ts";
import { listPage } from "../../src/kustomer/list.ts";
import { searchPage } from "../../src/kustomer/search.ts";
import { classifyDenied, readToken } from "../../src/kustomer/token.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";
import type { Resource } from "../../src/lib/resource.ts";
import { formatTime } from "../../src/lib/time.ts";
import { openStore } from "../../src/store/store.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { runExitCode, runStatus } from "../../src/sync/report.ts";
import { runSync } from "../../src/sync/run.ts";

/**
 * Where the process ends: before a commit begins, with half of its rows written, with all of them written but
 * not the state, after it; or when an answer has come and nothing was done with it.
 */
export const PLACES = ["before", "midway", "unsaved", "after", "answered"] as const;

/** Of the settings, which are many and alike, one of each way that a list has. */
export const CRASHED = STREAMS.filter(
  ({ name, isSetting }) => !isSetting || ["slas", "sla_versions", "klasses", "holidays"].includes(name),
);

export type Kill = {
  /** `statement` is before one of those that make, prepare and close the file, or give it a column. */
  readonly place: (typeof PLACES)[number] | "statement";
  /** The commit, or the answer, or the statement, from 1. */
  readonly nth: number;
};

export type Task = {
  readonly url: string;
  readonly db: string;
  readonly concurrency: number;
  /** The largest page to ask for, so that few rows make many pages; a server may clamp them just so. */
  readonly pageSize: number;
  readonly kill: Kill | null;
};

/** What an uninterrupted child prints. */
export type Told = Readonly<Record<"commits" | "answers" | "statements", number>> & {
  readonly status: string;
};

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal may need a moment to arrive; not one statement more may run.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}

/** The same rows, but whoever takes more of them than `most` meets the end. */
function mortalRows(rows: readonly Resource[], most: number): readonly Resource[] {
  const mortal = [...rows];
  mortal[Symbol.iterator] = function* () {
    yield* rows.slice(0, most);
    die();
  };
  return mortal;
}

/** Calls back before each statement that is run on a database itself, which the prepared ones are not. */
function beforeStatements(action: () => void): void {
  const run = Database.prototype.run;
  Database.prototype.run = function (this: Database, ...args: Parameters<typeof run>) {
    action();
    return run.apply(this, args);
  } as typeof run;
}

async function main({ url, db, concurrency, pageSize, kill }: Task): Promise<number> {
  const counts = { commits: 0, answers: 0, statements: 0 };
  const at = (place: Kill["place"], nth: number) => kill?.place === place && kill.nth === nth;
  beforeStatements(() => {
    if (at("statement", ++counts.statements)) die();
  });
  const limiter = createLimiter({
    windowMs: 60_000,
    searchPerWindow: 1e9,
    orgPerWindow: null,
    share: 1,
  });
  const controller = new AbortController();
  const client = createClient({ baseUrl: url, apiKey: "sandbox-key", limiter, signal: controller.signal });
  const token = await readToken(client);
  // The clock of the account stands still, and the files that two runs leave are compared byte by byte.
  const clocks = { server: token.serverTime, local: token.serverTime! };
  const store = openStore(db, { mode: "create" });
  const commit = (batch: Batch) => {
    const nth = ++counts.commits;
    if (at("before", nth)) die();
    let { rows } = batch;
    if (at("midway", nth)) rows = mortalRows(rows, Math.ceil(rows.length / 2));
    if (at("unsaved", nth)) rows = mortalRows(rows, rows.length);
    const done = store.commit({ ...batch, rows });
    if (at("after", nth)) die();
    return done;
  };
  const destination: Destination = { ...store, commit };
  const counted = async <T>(asked: Promise<T>): Promise<T> => {
    const answer = await asked;
    counts.answers += 1;
    if (at("answered", counts.answers)) die();
    return answer;
  };
  try {
    await store.lock.acquire("sync");
    const startedAt = formatTime(Date.now());
    const run = store.beginRun({
      startedAt,
      version: "crash",
      api: url,
      org: token.orgId,
      streams: CRASHED.map(({ name }) => name),
    });
    const { streams, stopped } = await runSync(
      {
        search: (request) => counted(searchPage(client, { ...request, pageSize })),
        list: ({ query, ...request }) =>
          counted(
            listPage(client, {
              ...request,
              query: query?.pageSize === undefined ? query : { ...query, pageSize: String(pageSize) },
            }),
          ),
      },
      destination,
      {
        streams: CRASHED,
        start: null,
        lookbackMs: 900_000,
        concurrency,
        clocks,
        full: false,
        audits: true,
        abort: (reason) => controller.abort(reason),
      },
      (error) => classifyDenied(client, error),
    );
    const status = runStatus(streams, stopped);
    store.finishRun(run, {
      finished_at: formatTime(Date.now()),
      status,
      requests: client.stats().requests,
      waited_ms: 0,
      streams,
    });
    if (stopped !== null) console.error(renderError(stopped));
    store.close();
    console.log(JSON.stringify({ ...counts, status } satisfies Told));
    return runExitCode(streams, stopped);
  } finally {
    store.close();
  }
}

if (import.meta.main) {
  try {
    process.exitCode = await main(JSON.parse(process.argv[2]!) as Task);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    console.error(renderError(error));
    process.exitCode = error.exitCode;
  }
}
