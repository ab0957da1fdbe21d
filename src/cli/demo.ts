/**
 * `kustomer-sync demo`: the whole product in half a minute, without an account. A sandbox is served, synced,
 * changed and synced again; the queries at the end are run, so that what is shown is what the file holds.
 */
import { existsSync, rmSync } from "node:fs";
import { MAX_BODY_BYTES } from "../kustomer/body.ts";
import { amountOf } from "../lib/amounts.ts";
import { AppError, EXIT } from "../lib/errors.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { openStore } from "../store/store.ts";
import { STREAMS } from "../streams/index.ts";
import type { RunReport } from "../sync/report.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { connect } from "./connect.ts";
import { DEMO_QUERIES } from "./demo-queries.ts";
import { databaseOptions } from "./shared-options.ts";
import { COLUMNS, rowsOf } from "./sync.ts";
import { syncFile } from "./sync-file.ts";

/** Rows that are created, edited or deleted between the two syncs. */
const CHANGES = 40;

export const demo = defineCommand({
  name: "demo",
  summary: "sync a simulated account into ./demo.db, change it, sync again, show what to query",
  positionals: [],
  options: {
    db: {
      kind: "path",
      summary: "the SQLite file; one that an earlier demo left, and nobody wrote to, is made anew",
      placeholder: "path",
      default: "./demo.db",
      example: databaseOptions.db.example,
    },
    rows: { kind: "integer", summary: "rows of the account", default: "5000", min: 100, max: 500_000 },
    seed: { kind: "integer", summary: "another seed, another account", default: "1", min: 0 },
  },
  examples: [
    ["kustomer-sync demo", "no account and no network needed"],
    ["kustomer-sync demo --rows 20000 --db /tmp/big.db", "more rows, another file"],
  ],
  run: async ({ values, ...surroundings }) => {
    const { log, show, showTable, outJson, signal } = surroundings;
    const server = await startSandbox({ rows: values.rows, seed: values.seed });
    try {
      await beginFile(values.db, server.url, surroundings);
      log.info(`A simulated Kustomer account of ${amountOf(values.rows, "row")}, at ${server.url}.`);
      log.info(`\nThe first sync reads everything, into ${values.db}:\n`);
      const first = await syncOnce(values.db, server, surroundings);
      if (!values.json) await showTable(COLUMNS, rowsOf(first));
      signal.throwIfAborted();
      const changes = server.change(CHANGES);
      const changed = Object.values(changes).reduce(
        (sum, { created, updated, deleted }) => sum + created + updated + deleted,
        0,
      );
      log.info(
        `\n${amountOf(changed, "row was", "rows were")} created, changed or deleted there. The second sync brings those:\n`,
      );
      const second = await syncOnce(values.db, server, surroundings);
      if (!values.json) await showTable(COLUMNS, rowsOf(second));
      const answers = endFile(values.db);
      if (values.json) {
        await outJson({ db: values.db, changed: changes, syncs: [first, second], queries: answers });
        return EXIT.done;
      }
      log.info(`\nThree queries worth running on ${values.db}, with what they answer:`);
      for (const { asks, sql, rows } of answers) {
        const titles = Object.keys(rows[0] ?? {});
        await show(`\n-- ${asks}\n${sql};\n\n`);
        await showTable(
          titles,
          rows.map((row) => titles.map((title) => row[title] ?? null)),
        );
      }
      log.info(`\nTry them: sqlite3 ${values.db}. On your own account: kustomer-sync sync --help`);
      return EXIT.done;
    } finally {
      await server.stop();
    }
  },
});

type Waiting = Pick<Surroundings, "log" | "signal">;

/** Makes the file, in the place of one that an earlier demo left; any other file is left alone. */
async function beginFile(db: string, api: string, waiting: Waiting): Promise<void> {
  if (existsSync(db)) {
    await refuseOthers(db, "read", waiting);
    // Taken, so that nobody writes to it now; it is then looked at again.
    await refuseOthers(db, "write", waiting);
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(db + suffix, { force: true });
  }
  const store = openStore(db, { mode: "create" });
  try {
    if (!store.wasEmpty) throw othersFile(db);
    store.demo.mark(api);
  } finally {
    store.close();
  }
}

async function refuseOthers(db: string, mode: "read" | "write", { log, signal }: Waiting): Promise<void> {
  const store = openStore(db, { mode });
  try {
    await store.lock.acquire("demo", { signal, onWatch: log.info });
    if (!store.demo.isOurs()) throw othersFile(db);
  } finally {
    store.close();
  }
}

function othersFile(db: string): AppError {
  return new AppError("store-foreign", "demo did not make this file, or more was put into it since", {
    at: db,
    hint: "kustomer-sync demo --db another.db; this one was left as it is",
  });
}

async function syncOnce(
  db: string,
  server: Sandbox,
  { env, log, signal, startProgress }: Pick<Surroundings, "env" | "log" | "signal" | "startProgress">,
): Promise<RunReport> {
  const controller = new AbortController();
  const progress = startProgress({ enabled: true });
  const connection = await connect(
    {
      org: undefined,
      region: undefined,
      apiUrl: server.url,
      apiKeyFile: undefined,
      timeout: 60_000,
      maxBody: MAX_BODY_BYTES,
      rpm: undefined,
      searchRpm: undefined,
      rateWindow: 60_000,
      rateShare: 1,
    },
    {
      env: { ...env, KUSTOMER_API_KEY: server.apiKey },
      log,
      signal: AbortSignal.any([signal, controller.signal]),
    },
  );
  const options = {
    db,
    streams: STREAMS,
    start: null,
    isNamed: false,
    lookbackMs: 15 * 60_000,
    concurrency: 8,
    full: false,
    audits: true,
    force: false,
    takeOver: false,
  };
  try {
    const { report, stopped } = await syncFile(connection, options, controller, { log, progress, signal });
    if (stopped !== null) throw stopped;
    return report;
  } finally {
    progress.stop();
  }
}

type Answer = {
  readonly asks: string;
  readonly sql: string;
  readonly rows: readonly Record<string, string | number | null>[];
};

/** Notes that the demo has ended, and asks the file the queries. */
function endFile(db: string): Answer[] {
  const store = openStore(db, { mode: "write" });
  try {
    store.demo.end();
    return DEMO_QUERIES.map((query) => ({ ...query, rows: store.query(query.sql) }));
  } finally {
    store.close();
  }
}
