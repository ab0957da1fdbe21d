/** `kustomer-sync export`: writes streams to files, all of them from one moment of the file, a sync running or not. */
import {
  bytesOf,
  type Exported,
  type ExportOptions,
  exportToFolder,
  exportToSink,
  type Hooks,
} from "../export/export.ts";
import type { Format } from "../export/format.ts";
import { FORMATS } from "../export/formats.ts";
import { formatBytes } from "../lib/bytes.ts";
import { readableTime } from "../lib/time.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { checkExport } from "./export-usage.ts";
import type { JobReport } from "./github.ts";
import { databaseOptions, progressOption, skipOption, streamArguments } from "./options.ts";
import { selectStreams } from "./selection.ts";

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
    const { values, positionals, outIsTTY, out, showTable, outJson, log, job } = context;
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
      await exportToSink(options, streams[0]!, out, quietHooks(context));
      return;
    }
    const { hooks, stop } = shownHooks(context);
    const folder = { out: values.out ?? FOLDER, overwrite: values.overwrite };
    const exported = await exportToFolder({ ...options, ...folder }, hooks);
    stop();
    if (values.json) await outJson(asJson(exported, values.format));
    else await showTable(COLUMNS, rowsOf(exported));
    await job.tell(jobReport(exported));
    log.info(`${exported.out} holds the file as it was at ${readableTime(exported.moment)}`);
  },
});

type Shown = Pick<Surroundings, "signal" | "log" | "startProgress">;

function shownHooks({ signal, log, startProgress, values }: Shown & { values: { noProgress: boolean } }): {
  hooks: Hooks;
  stop: () => void;
} {
  const progress = startProgress({ enabled: !values.noProgress });
  return {
    hooks: {
      signal,
      onProgress: (stream, counted) => progress.update(stream, { ...counted, state: "reading" }),
      onDone: (stream, counted) => progress.update(stream, { ...counted, state: "done" }),
      onNote: (note) => log.info(note),
    },
    stop: progress.stop,
  };
}

/** Beside data on stdout, which a terminal may show, nothing is drawn. */
function quietHooks({ signal }: Pick<Surroundings, "signal">): Hooks {
  return { signal, onProgress() {}, onDone() {}, onNote() {} };
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
    table: { columns: COLUMNS, rows: rowsOf(exported) },
    notes: [`The file as it was at ${readableTime(moment)}.`],
    outputs: { out, moment, rows: sum(({ rows }) => rows), bytes: sum(bytesOf) },
  };
}
