/** `kustomer-sync export`: writes streams to files, all of them from one moment of the file, a sync running or not. */
import { bytesOf, type Exported, type ExportOptions } from "../export/export.ts";
import type { Format } from "../export/format.ts";
import { FORMATS } from "../export/formats.ts";
import type { Counted } from "../export/stream-files.ts";
import { formatBytes } from "../lib/bytes.ts";
import { aside } from "./aside.ts";
import { namesOf } from "./aside-jobs.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { checkExport } from "./export-usage.ts";
import type { JobReport } from "./github.ts";
import { databaseOptions, progressOption, skipOption, streamArguments, takeOverOption } from "./options.ts";
import { selectStreams } from "./selection.ts";
import { renderTable } from "./table.ts";

/** Where an export goes that names no place. */
const FOLDER = "./export";

export const exportCommand = defineCommand({
  name: "export",
  summary: "write streams to files: CSV, NDJSON or Parquet, all from one moment",
  positionals: [streamArguments],
  options: {
    ...databaseOptions,
    format: {
      kind: "enum",
      summary: "what to write",
      choices: Object.keys(FORMATS) as (keyof typeof FORMATS)[],
      default: "csv",
    },
    out: {
      kind: "path",
      summary: `the folder to write to, made where there is none; else ${FOLDER}`,
      placeholder: "folder",
      example: FOLDER,
    },
    stdout: { kind: "boolean", summary: "write one stream to stdout instead" },
    compress: {
      kind: "enum",
      summary: "compress what is written; else zstd inside Parquet, and none outside",
      choices: ["none", "gzip", "zstd"],
    },
    since: {
      kind: "time",
      summary: "only rows that were written to the file at or after this, deletions with them",
      placeholder: "time",
    },
    sinceLast: {
      kind: "boolean",
      summary: "only rows written since the last export to that folder, into a new folder in it",
    },
    partitionBy: {
      kind: "enum",
      summary: "one folder for each day or month (UTC) of created_at",
      choices: ["day", "month"],
    },
    includeDeleted: { kind: "boolean", summary: "deleted rows too, with their _deleted_at" },
    forExcel: {
      kind: "boolean",
      summary: "CSV that a spreadsheet opens rightly, with what it would run as formulas guarded",
    },
    rowGroupRows: {
      kind: "integer",
      summary: "rows in a row group: a file of NDJSON, a part of a Parquet file",
      placeholder: "n",
      min: 1,
    },
    overwrite: { kind: "boolean", summary: "replace the export that is in the folder" },
    ...takeOverOption,
    ...skipOption,
    ...progressOption,
  },
  examples: [
    ["kustomer-sync export", `all streams as CSV, in ${FOLDER}`],
    ["kustomer-sync export conversations messages --format ndjson --compress zstd --out lake", "two, packed"],
    ["kustomer-sync export --format parquet --partition-by month --out lake", "for DuckDB, Spark, pandas"],
    ["kustomer-sync export --out lake --since-last", "every night: what changed since the last one"],
    ["kustomer-sync export customers --stdout | head", "a look at one stream"],
    ["kustomer-sync export customers --for-excel --out sheets", "for a spreadsheet"],
  ],
  stopping: "nothing unfinished is left",
  run: async (context) => {
    const { values, positionals, outIsTTY, out, outJson, color, log, job } = context;
    const streams = selectStreams(positionals.stream, values.skip);
    checkExport(values, { named: streams.map(({ name }) => name), outIsTTY });
    const format: Format = FORMATS[values.format];
    const options: ExportOptions = {
      db: values.db,
      streams,
      format,
      compression: values.compress ?? format.compression,
      forExcel: values.forExcel,
      rowGroupRows: values.rowGroupRows ?? null,
      partitionBy: values.partitionBy ?? null,
      includeDeleted: values.includeDeleted,
      since: values.sinceLast ? "last" : (values.since ?? null),
    };
    if (values.stdout) {
      await aside("exportToSink", namesOf(options), { signal: context.signal, on: { out } });
      return;
    }
    const { on, stop } = shown(context);
    const { overwrite, takeOver } = values;
    const folder = { out: values.out ?? FOLDER, overwrite, takeOver };
    const exported = await aside("export", namesOf({ ...options, ...folder }), {
      signal: context.signal,
      on,
    });
    stop();
    if (values.json) await outJson(asJson(exported, values.format));
    else await out(renderExport(exported, color));
    await job.tell(jobReport(exported));
    log.info(`${exported.out} holds the file as it was at ${exported.moment}`);
  },
});

type Shown = Pick<Surroundings, "log" | "startProgress">;

function shown({ log, startProgress, values }: Shown & { values: { noProgress: boolean } }) {
  const progress = startProgress({ enabled: !values.noProgress });
  return {
    on: {
      progress: (stream: string, counted: Counted) =>
        progress.update(stream, { ...counted, state: "reading" }),
      done: (stream: string, counted: Counted) => progress.update(stream, { ...counted, state: "done" }),
      note: log.info,
    },
    stop: progress.stop,
  };
}

function asJson({ moment, out, streams }: Exported, format: string) {
  return {
    moment,
    out,
    format,
    streams: streams.map((one) => ({
      stream: one.stream,
      rows: one.rows,
      deleted: one.deleted,
      files: one.files.length,
      bytes: bytesOf(one),
      since: one.since,
    })),
  };
}

function renderExport(exported: Exported, color: boolean): string {
  return renderTable(COLUMNS, rowsOf(exported), { color });
}

const COLUMNS = ["stream", "rows", "of them deleted", "files", "size"];

function rowsOf({ streams }: Exported) {
  return streams.map((one) => [
    one.stream,
    one.rows,
    one.deleted,
    one.files.length,
    formatBytes(bytesOf(one)),
  ]);
}

function jobReport(exported: Exported): JobReport {
  const { streams, out, moment } = exported;
  const sum = (count: (stream: Exported["streams"][number]) => number) =>
    streams.reduce((all, one) => all + count(one), 0);
  return {
    title: `kustomer-sync export: ${out}`,
    table: { titles: COLUMNS, rows: rowsOf(exported) },
    notes: [`The file as it was at ${moment}.`],
    outputs: { out, moment, rows: sum(({ rows }) => rows), bytes: sum(bytesOf) },
  };
}
