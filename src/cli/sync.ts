/** `kustomer-sync sync`: brings the file up to date, and says of every stream whether it is whole. */
import { existsSync } from "node:fs";
import { amountOf, listed } from "../lib/amounts.ts";
import { type AppError, renderError, reportWords } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { formatDuration } from "../lib/time.ts";
import type { RunReport, StreamReport } from "../sync/report.ts";
import { defineCommand } from "./command.ts";
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
  takeOverOption,
} from "./shared-options.ts";
import { syncFile } from "./sync-file.ts";
import { type Cell, type Column, timeTexts } from "./table.ts";

export const sync = defineCommand({
  name: "sync",
  summary: "bring the file up to date: all streams, or those named",
  positionals: [streamArguments],
  options: {
    ...databaseOptions,
    ...connectionOptions,
    startDate: {
      kind: "time",
      summary: "read only what changed at or after this; default: everything",
      placeholder: "date",
      env: "KUSTOMER_START_DATE",
    },
    ...skipOption,
    full: { kind: "boolean", summary: "read everything again, and mark as deleted what no longer exists" },
    noAudit: {
      kind: "boolean",
      summary: "do not count afterwards what the search index has and what the file has",
    },
    ...lookbackOption,
    force: {
      kind: "boolean",
      summary: "mark rows that Kustomer no longer shows as deleted even when they are over a third",
    },
    ...limitOptions,
    ...takeOverOption,
    ...progressOption,
  },
  examples: [
    ["kustomer-sync sync --org acme", "all streams into ./kustomer.db"],
    ["kustomer-sync sync --org acme conversations messages --db support.db", "two streams, another file"],
    [
      "kustomer-sync sync --org acme --start-date 2024-01-31 --skip notes",
      "what changed since, without notes",
    ],
    ["kustomer-sync sync --org acme --api-key-file - --json < key", "key from stdin, report as JSON"],
  ],
  stopping: "what was read is kept",
  resumes: true,
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
    const isNew = !existsSync(values.db);
    const streams = selectStreams(positionals.stream, values.skip);
    const start = selectStart(values.startDate);
    const controller = new AbortController();
    const connection = await connect(values, {
      env,
      log,
      signal: AbortSignal.any([signal, controller.signal]),
    });
    // A cache that was not restored makes no noise of its own.
    if (job.isGithub) log.info(beginning(values.db, isNew));
    const progress = startProgress({ enabled: !values.noProgress });
    const options = {
      db: values.db,
      streams,
      start,
      isNamed: positionals.stream.length > 0,
      lookbackMs: values.lookback,
      concurrency: values.concurrency,
      full: values.full,
      audits: !values.noAudit,
      force: values.force,
      takeOver: values.takeOver,
    };
    const { report, exitCode, stopped } = await syncFile(connection, options, controller, {
      log,
      progress,
      signal,
    });
    progress.stop();
    if (values.json) await outJson(report);
    else await showTable(COLUMNS, rowsOf(report));
    tellAbsent(report, log);
    for (const { stream, status, rejected, kept_out, error } of report.streams) {
      if (rejected > 0) {
        const count = amountOf(
          rejected,
          "row could not be stored and was kept out",
          "rows could not be stored and were kept out",
        );
        log.warn(`${stream}: ${count}: ${kept_out.join("; ")}`);
      }
      if (error === null || status === "absent") continue;
      log.warn(`${stream}: ${reportWords(error)}`);
    }
    await job.tell(jobReport(report, stopped, { db: values.db, isNew }));
    if (stopped?.code === "interrupted") {
      const open = report.streams.filter(({ status, error }) => status === "partial" && error === null);
      sayStopped(stopped, `not read to the end: ${listed(open.map(({ stream }) => stream))}`);
    } else if (stopped !== null) log.error(renderError(stopped).replace(/^error: /, ""));
    const seconds = formatDuration(Date.parse(report.finished_at) - Date.parse(report.started_at));
    const waited =
      report.waited_ms < 1 ? "" : `, ${formatDuration(report.waited_ms)} waiting for the rate limit`;
    log.info(`${report.status} in ${seconds}: ${amountOf(report.requests, "request")}${waited}`);
    return exitCode;
  },
});

/** The columns of the report for people; what a newcomer would take for the rows of the file goes first. */
export const COLUMNS: readonly Column[] = [
  "stream",
  "status",
  { title: "read, with repeats", gives: [2] },
  "new or changed",
  "deleted",
  { title: "requests", gives: [1] },
  { title: "synced to", gives: [3, 4] },
];

export function rowsOf({ streams }: RunReport): Cell[][] {
  return streams.map((stream) => [
    stream.stream,
    stream.status,
    stream.read,
    stream.written,
    stream.deleted,
    stream.requests,
    stream.synced_to === null ? null : timeTexts(stream.synced_to),
  ]);
}

/** What an account does not have, or a key may not read, is no failure where nobody asked for it. */
function tellAbsent({ streams }: RunReport, log: Log): void {
  const absent = streams.filter(({ status }) => status === "absent").map(({ stream }) => stream);
  if (absent.length === 0) return;
  log.info(`not in this account, or not for this key: ${listed(absent)}; kustomer-sync check says why`);
}

function beginning(db: string, isNew: boolean): string {
  return isNew
    ? `there was no file ${db}, so the cache was empty and this is a full read`
    : `there was a file ${db}, and this run goes on from it`;
}

function jobReport(
  report: RunReport,
  stopped: AppError | null,
  { db, isNew }: { readonly db: string; readonly isNew: boolean },
): JobReport {
  const { status, streams } = report;
  const sum = (count: (stream: StreamReport) => number) => streams.reduce((all, one) => all + count(one), 0);
  const level = (stream: StreamReport) => (stream.status === "failed" ? "error" : "warning");
  const annotations = streams.flatMap((stream): Annotation[] =>
    stream.error === null || stream.status === "absent"
      ? []
      : [
          {
            level: level(stream),
            title: `${stream.stream}: ${stream.status}`,
            message: reportWords(stream.error),
          },
        ],
  );
  const end: Annotation[] =
    stopped === null
      ? []
      : [
          {
            level: stopped.code === "interrupted" ? "warning" : "error",
            title: "kustomer-sync sync",
            message: reportWords(stopped.report()),
          },
        ];
  return {
    title: `kustomer-sync sync: ${status}`,
    table: { columns: COLUMNS, rows: rowsOf(report) },
    notes: [beginning(db, isNew)],
    outputs: {
      status,
      complete: status === "done",
      written: sum(({ written }) => written),
      deleted: sum(({ deleted }) => deleted),
      "full-read": isNew,
    },
    annotations: [...annotations, ...end],
  };
}
