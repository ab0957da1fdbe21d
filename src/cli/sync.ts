/** `kustomer-sync sync`: brings the file up to date, and says of every stream whether it is whole. */
import { renderError } from "../lib/errors.ts";
import { formatDuration } from "../lib/time.ts";
import type { RunReport } from "../sync/report.ts";
import { defineCommand } from "./command.ts";
import { connect } from "./connect.ts";
import {
  connectionOptions,
  databaseOptions,
  limitOptions,
  lookbackOption,
  progressOption,
  skipOption,
  streamArguments,
} from "./options.ts";
import { selectStart, selectStreams } from "./selection.ts";
import { synchronize } from "./synchronize.ts";
import { renderTable } from "./table.ts";

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
    ...lookbackOption,
    force: {
      kind: "boolean",
      summary: "mark rows that Kustomer no longer shows as deleted even when they are over a third",
    },
    ...limitOptions,
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
  run: async ({ values, positionals, env, signal, log, out, outJson, color, startProgress }) => {
    const streams = selectStreams(positionals.stream, values.skip);
    const start = selectStart(values.startDate);
    const controller = new AbortController();
    const connection = await connect(values, {
      env,
      log,
      signal: AbortSignal.any([signal, controller.signal]),
    });
    const progress = startProgress({ enabled: !values.noProgress });
    const options = {
      db: values.db,
      streams,
      start,
      lookbackMs: values.lookback,
      concurrency: values.concurrency,
      full: values.full,
      force: values.force,
    };
    const { report, exitCode, stopped } = await synchronize(connection, options, controller, {
      log,
      progress,
    });
    progress.stop();
    if (values.json) await outJson(report);
    else await out(renderReport(report, color));
    for (const { stream, rejected, error } of report.streams) {
      if (rejected > 0) log.warn(`${stream}: ${rejected} rows came without a usable id and were kept out`);
      if (error === null) continue;
      log.warn(`${stream}: ${error.message}${error.hint === null ? "" : `\n  try: ${error.hint}`}`);
    }
    if (stopped !== null) log.error(renderError(stopped).replace(/^error: /, ""));
    const seconds = formatDuration(Date.parse(report.finished_at) - Date.parse(report.started_at));
    log.info(
      `${report.status} in ${seconds}: ${report.requests} requests, ${formatDuration(report.waited_ms)} waiting for the rate limit`,
    );
    return exitCode;
  },
});

/** The report as a table for people. */
export function renderReport(report: RunReport, color: boolean): string {
  const rows = report.streams.map((stream) => [
    stream.stream,
    stream.status,
    stream.read,
    stream.written,
    stream.deleted,
    stream.requests,
    stream.synced_to ?? "-",
  ]);
  const columns = ["stream", "status", "read", "written", "deleted", "requests", "synced to"];
  return renderTable(columns, rows, { color });
}
