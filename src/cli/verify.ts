/**
 * `kustomer-sync verify`: holds the file against Kustomer, row by row, and says what differs; with `--repair`
 * writes it. Without, the file is only read, and a sync may run meanwhile.
 */
import { amountOf, formatCount, listed } from "../lib/amounts.ts";
import { AppError, renderError, reportWords } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { formatTime, readableTime } from "../lib/time.ts";
import { openStore, type Store } from "../store/store.ts";
import type { Stream } from "../streams/define.ts";
import { type Clocks, earliestOf } from "../sync/clocks.ts";
import { heldFrom, repairedState, runVerify, type StreamVerification } from "../sync/verify.ts";
import { meetAccount, showLimiter } from "./account.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { connect } from "./connect.ts";
import type { Annotation, JobReport } from "./github.ts";
import { selectStart, selectStreams } from "./selection.ts";
import {
  connectionOptions,
  databaseOptions,
  limitOptions,
  lookbackOption,
  progressOption,
  skipOption,
  streamArguments,
} from "./shared-options.ts";

export const verify = defineCommand({
  name: "verify",
  summary: "compare the file with Kustomer, row by row: what is missing, stale or no longer there",
  positionals: [
    {
      ...streamArguments,
      summary: streamArguments.summary.replace(/all when.*/, "else all that were synced"),
    },
  ],
  options: {
    ...databaseOptions,
    ...connectionOptions,
    repair: { kind: "boolean", summary: "write what is missing or stale, mark deleted what is gone" },
    force: {
      kind: "boolean",
      summary: "with --repair, mark what is gone even when it is over a third of a stream",
    },
    startDate: {
      kind: "time",
      summary: "compare only what changed at or after this; default: what was synced",
      placeholder: "date",
    },
    ...skipOption,
    ...lookbackOption,
    ...limitOptions,
    ...progressOption,
  },
  examples: [
    ["kustomer-sync verify --org acme", "after a sync: does the file hold what Kustomer holds"],
    ["kustomer-sync verify --org acme --repair", "and mend it: purged rows are marked deleted"],
    ["kustomer-sync verify --org acme messages --start-date 2026-01-01 --json", "a part, for a script"],
  ],
  stopping: "what was repaired is kept",
  run: async ({
    values,
    positionals,
    env,
    signal,
    log,
    sayStopped,
    showTable,
    outJson,
    startProgress,
    job,
  }) => {
    const { repair, force } = values;
    if (force && !repair) {
      throw new AppError("usage", "--force says how to repair", {
        hint: "kustomer-sync verify --repair --force",
      });
    }
    const chosen = selectStreams(positionals.stream, values.skip);
    const start = selectStart(values.startDate);
    const controller = new AbortController();
    const stopping = AbortSignal.any([signal, controller.signal]);
    const connection = await connect(values, { env, log, signal: stopping });
    const progress = startProgress({ enabled: !values.noProgress });
    const account = await meetAccount(connection, log);
    const now = earliestOf(account.clocks);
    const store = openStore(values.db, { mode: repair ? "write" : "read" });
    const stopShowing = showLimiter(connection, progress);
    try {
      if (repair) await store.lock.acquire("verify --repair", { signal, onWatch: log.info });
      store.checkAccount(account.orgId);
      const comparison = store.compare({ now, repair, force });
      try {
        const known = chosen.filter((stream) => positionals.stream.length > 0 || comparison.holds(stream));
        tellLeftOut(chosen, known, values.db, log);
        const compared = known.map((stream) => ({ stream, start: start ?? startOf(store, stream) }));
        const { streams, exitCode, stopped } = await runVerify(
          account.api,
          comparison,
          {
            streams: compared,
            clocks: account.clocks,
            lookbackMs: values.lookback,
            concurrency: values.concurrency,
            repair: repair ? (batch) => store.commit({ ...batch, heard: account.clocks.server }) : null,
            abort: (reason) => controller.abort(reason),
          },
          account.denied,
          { progress: progress.update },
        );
        if (repair) repairStates(store, known, account.clocks);
        progress.stop();
        const as_of = formatTime(now);
        const starts = new Map(compared.map((each) => [each.stream.name, each.start]));
        if (values.json) {
          await outJson({
            db: values.db,
            as_of,
            ...account.spent(),
            streams: streams.map((each) => {
              const from = starts.get(each.stream) ?? null;
              return { ...each, start: from === null ? null : formatTime(from) };
            }),
          });
        } else await showTable(COLUMNS, rowsOf(streams));
        await job.tell(jobReport(streams, stopped));
        tellParts(compared, log);
        tellDifferences(streams, stopped, { log, sayStopped });
        return exitCode;
      } finally {
        comparison.close();
      }
    } finally {
      stopShowing();
      store.close();
    }
  },
});

function startOf(store: Store, stream: Stream): number | null {
  return heldFrom(stream, store.loadState(stream));
}

/** A state that claims more than was ever seen to be so would keep the next sync from asking. */
function repairStates(store: Store, streams: readonly Stream[], clocks: Clocks): void {
  for (const stream of streams) {
    const state = repairedState(stream, store.loadState(stream), clocks, store.counts);
    if (state !== null) store.commit({ stream, rows: [], state, now: earliestOf(clocks) });
  }
}

/** Streams that were never synced are no loss; an empty file is not a file that is equal. */
function tellLeftOut(chosen: readonly Stream[], known: readonly Stream[], db: string, log: Log): void {
  if (known.length === 0) {
    throw new AppError("store-missing", "nothing was synced into this file yet", {
      at: db,
      hint: "kustomer-sync sync",
    });
  }
  const left = chosen.filter((stream) => !known.includes(stream)).map(({ name }) => name);
  if (left.length > 0) log.info(`never synced, and left out: ${left.join(", ")}`);
}

/** What was compared from a start date on is not called equal without saying so. */
function tellParts(
  compared: readonly { readonly stream: Stream; readonly start: number | null }[],
  log: Log,
): void {
  for (const [start, group] of Map.groupBy(compared, (each) => each.start)) {
    if (start === null) continue;
    const names = listed(group.map(({ stream }) => stream.name));
    log.info(`${names}: compared is what changed since ${readableTime(formatTime(start))}`);
  }
}

const COLUMNS = ["stream", "compared", "missing", "stale", "extra", "repaired"];

function rowsOf(streams: readonly StreamVerification[]) {
  return streams.map((each) => [
    each.stream,
    each.checked,
    each.missing,
    each.stale,
    each.extra,
    each.repaired,
  ]);
}

function jobReport(streams: readonly StreamVerification[], stopped: AppError | null): JobReport {
  const sum = (count: (each: StreamVerification) => number | null) =>
    streams.reduce((total, each) => total + (count(each) ?? 0), 0);
  const annotations = streams.flatMap(({ stream, error }): Annotation[] =>
    error === null
      ? []
      : [{ level: "warning", title: `${stream}: not compared`, message: reportWords(error) }],
  );
  const end: Annotation[] =
    stopped === null
      ? []
      : [
          {
            level: stopped.code === "interrupted" ? "warning" : "error",
            title: "kustomer-sync verify",
            message: reportWords(stopped.report()),
          },
        ];
  return {
    title: "kustomer-sync verify",
    table: { columns: COLUMNS, rows: rowsOf(streams) },
    outputs: {
      missing: sum(({ missing }) => missing),
      stale: sum(({ stale }) => stale),
      extra: sum(({ extra }) => extra),
      repaired: sum(({ repaired }) => repaired),
    },
    annotations: [...annotations, ...end],
  };
}

function tellDifferences(
  streams: readonly StreamVerification[],
  stopped: AppError | null,
  { log, sayStopped }: Pick<Surroundings, "log" | "sayStopped">,
): void {
  const sum = (count: (each: StreamVerification) => number) =>
    streams.reduce((total, each) => total + count(each), 0);
  const found = sum(({ missing, stale, extra }) => missing + stale + (extra ?? 0));
  const left = found - sum(({ repaired }) => repaired);
  // What stays wrong is said with `--quiet` too.
  const say = left > 0 ? log.warn : log.info;
  for (const { stream, examples, error } of streams) {
    for (const [kind, ids] of Object.entries(examples)) {
      if (ids.length > 0)
        say(`${stream}: ${kind} ${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", ..." : ""}`);
    }
    if (error !== null && error.code !== stopped?.code) log.warn(`${stream}: ${reportWords(error)}`);
  }
  if (stopped?.code === "interrupted") {
    const open = streams.filter(({ error }) => error?.code === "interrupted").map(({ stream }) => stream);
    sayStopped(stopped, `not compared to the end: ${listed(open)}`);
    return;
  }
  if (stopped !== null) {
    log.error(renderError(stopped).replace(/^error: /, ""));
    return;
  }
  if (found === 0)
    log.info(
      `${amountOf(
        sum(({ checked }) => checked),
        "row",
      )} compared, no difference`,
    );
  else if (left === 0)
    log.info(`${amountOf(found, "row differed, and was", "rows differed, and were")} repaired`);
  else {
    const since = left < found ? 0 : sum(({ since_sync }) => since_sync);
    const news =
      since === 0 ? "" : `, ${formatCount(since)} of them because they changed after the last sync`;
    say(`${amountOf(left, "row differs", "rows differ")}${news}\n  try: kustomer-sync verify --repair`);
  }
}
