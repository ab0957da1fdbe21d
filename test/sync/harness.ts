/** Runs the engine as the program does: the real client over HTTP, a real file; and tells what came of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch, Destination } from "../../src/destination/destination.ts";
import { createClient } from "../../src/kustomer/client.ts";
import { createLimiter } from "../../src/kustomer/limiter.ts";
import { listPage } from "../../src/kustomer/list.ts";
import { searchPage } from "../../src/kustomer/search.ts";
import { classifyDenied, readToken } from "../../src/kustomer/token.ts";
import { AppError } from "../../src/lib/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { earliestOf } from "../../src/sync/clocks.ts";
import type { Api } from "../../src/sync/reader.ts";
import { runExitCode, runStatus } from "../../src/sync/report.ts";
import { runSync, type SyncOutcome } from "../../src/sync/run.ts";
import { heldFrom, runVerify, type VerifyOutcome } from "../../src/sync/verify.ts";
import { type Quirks, type StandIn, startStandIn } from "./stand-in.ts";

export type Options = {
  /** Bounds the requests of a run, so that a loop fails rather than hangs. Default 2,000. */
  most?: number;
  concurrency?: number;
  start?: number | null;
  /** Default 0. */
  lookbackMs?: number;
  full?: boolean;
  /** True when the streams are asked for by their names. Default: false. */
  isNamed?: boolean;
  resumes?: boolean;
  force?: boolean;
  /** Have the destination keep each batch some time later, as one does that has to be waited for. */
  slowly?: boolean;
  /** Ends the run, as Ctrl-C would, before the commit after this many. */
  commits?: number;
  /** Count afterwards, and mend what differs. Default false. */
  audits?: boolean;
  /** What time it is here; default: what the server says. */
  local?: number;
  /** Where to ask instead. */
  url?: string;
  /** Sees every batch before it is committed. */
  onCommit?: (batch: Batch) => void;
};

export type Outcome = SyncOutcome & {
  readonly status: string;
  readonly exitCode: number;
  /** Searches and pages of lists. */
  readonly requests: number;
  readonly commits: number;
};

export type Harness = {
  /** Of the file. */
  readonly path: string;
  /** All streams, unless some are named. */
  readonly sync: (names?: readonly string[], options?: Options) => Promise<Outcome>;
  /** Holds the file against the account, as `verify` does. */
  readonly verify: (
    names?: readonly string[],
    options?: Pick<Options, "lookbackMs" | "concurrency" | "local" | "force" | "most"> & { repair?: boolean },
  ) => Promise<VerifyOutcome>;
  /** `ID VERSION live` or `deleted` of every row, by id. */
  readonly held: (stream: string) => string[];
  readonly query: (sql: string) => Record<string, string | number | null>[];
  readonly end: () => void;
};

/** Does something some turns of the event loop later, others of which may do much meanwhile. */
async function slowly<T>(action: () => T): Promise<T> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return action();
}

export type Served = { readonly url: string; readonly apiKey?: string };

/** Meets an account, and counts what it is asked. */
export async function meetAccount(
  { url, apiKey = "key" }: Served,
  { most = 2_000, local }: Pick<Options, "most" | "local"> = {},
) {
  const controller = new AbortController();
  const limits = { windowMs: 1_000, searchPerWindow: 1e6, orgPerWindow: 1e6, share: 1 };
  const limiter = createLimiter(limits);
  const { signal } = controller;
  const client = createClient({ baseUrl: url, apiKey, limiter, signal, random: () => 0 });
  const { serverTime } = await readToken(client);
  let requests = 0;
  const bounded = <T>(ask: () => Promise<T>): Promise<T> => {
    requests += 1;
    if (requests > most) throw new Error(`more than ${most} requests`);
    return ask();
  };
  const api: Api = {
    search: (request) => bounded(() => searchPage(client, request)),
    list: (request) => bounded(() => listPage(client, request)),
  };
  return {
    api,
    clocks: { server: serverTime, local: local ?? serverTime ?? Date.now() },
    abort: (reason: AppError) => controller.abort(reason),
    denied: (error: AppError) => classifyDenied(client, error),
    requests: () => requests,
  };
}

export function createHarness({ url, apiKey = "key" }: Served): Harness {
  const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-"));
  const db = join(folder, "test.db");

  const meet = (options: Pick<Options, "most" | "url" | "local">) =>
    meetAccount({ url: options.url ?? url, apiKey }, options);

  const verify: Harness["verify"] = async (names = [], options = {}) => {
    const { repair = false, force = false, lookbackMs = 0, concurrency = 4 } = options;
    const { api, clocks, abort, denied } = await meet(options);
    const store = openStore(db, { mode: repair ? "write" : "read" });
    try {
      if (repair) await store.lock.acquire("verify --repair");
      const comparison = store.compare({ now: earliestOf(clocks), repair, force });
      try {
        const streams = STREAMS.filter(({ name }) => names.length === 0 || names.includes(name)).map(
          (stream) => ({ stream, start: heldFrom(stream, store.loadState(stream)) }),
        );
        const write = repair ? store.commit : null;
        const more = { streams, clocks, lookbackMs, concurrency, repair: write, abort };
        return await runVerify(api, comparison, more, denied);
      } finally {
        comparison.close();
      }
    } finally {
      store.close();
    }
  };

  async function sync(names: readonly string[] = [], options: Options = {}): Promise<Outcome> {
    const { commits: mostCommits = Number.POSITIVE_INFINITY, force = false } = options;
    const { api, clocks, abort, denied, requests } = await meet(options);
    const store = openStore(db, { mode: "create" });
    let commits = 0;
    const destination: Destination = {
      ...store,
      commit: (batch) => {
        if (commits >= mostCommits) throw new AppError("interrupted", "stopped by the test");
        options.onCommit?.(batch);
        const keep = () => {
          const committed = store.commit({ ...batch, force });
          commits += 1;
          return committed;
        };
        return options.slowly === true ? slowly(keep) : keep();
      },
    };
    try {
      await store.lock.acquire("sync");
      const outcome = await runSync(
        api,
        destination,
        {
          streams: STREAMS.filter(({ name }) => names.length === 0 || names.includes(name)),
          start: options.start ?? null,
          lookbackMs: options.lookbackMs ?? 0,
          concurrency: options.concurrency ?? 4,
          clocks,
          audits: options.audits ?? false,
          full: options.full ?? false,
          isNamed: options.isNamed ?? false,
          resumes: options.resumes ?? false,
          abort,
        },
        denied,
      );
      const { streams, stopped } = outcome;
      const status = runStatus(streams, stopped);
      return { ...outcome, status, exitCode: runExitCode(streams, stopped), requests: requests(), commits };
    } finally {
      store.close();
    }
  }

  function query(sql: string): Record<string, string | number | null>[] {
    const store = openStore(db, { mode: "read" });
    try {
      return store.query(sql);
    } finally {
      store.close();
    }
  }

  return {
    path: db,
    sync,
    verify,
    query,
    held: (stream) =>
      query(`SELECT id, updated_at, _deleted_at FROM "${stream}" ORDER BY id`).map(
        ({ id, updated_at, _deleted_at }) => versionOf(String(id), String(updated_at), _deleted_at !== null),
      ),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type Lab = Harness & {
  readonly api: StandIn;
  /** What the API holds of a context, as `held` tells it of the file. */
  readonly truth: (context: string) => string[];
};

/** A stand-in and a harness on it. */
export function createLab(quirks: Quirks = {}): Lab {
  const api = startStandIn(quirks);
  const harness = createHarness(api);
  return {
    ...harness,
    api,
    truth: (context) =>
      (api.rows.get(context) ?? [])
        .map(({ id, updatedAt, deleted }) => versionOf(id, updatedAt, deleted === true))
        .sort(),
    end: () => {
      api.stop();
      harness.end();
    },
  };
}

/** A row as `held` and `truth` tell of it. */
export function versionOf(id: string, updatedAt: string | null, deleted: boolean): string {
  return `${id} ${updatedAt} ${deleted ? "deleted" : "live"}`;
}
