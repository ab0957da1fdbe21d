/** `kustomer-sync export`: writes streams to files, all of them from one moment of the file, a sync running or not. */
import { bytesOf, type Exported, type ExportOptions } from "../export/export.ts";
import type { Format } from "../export/format.ts";
import { FORMATS } from "../export/formats.ts";
import { MOST_CHARACTERS, MOST_ROWS } from "../export/spreadsheet.ts";
import type { Counted } from "../export/stream-files.ts";
import { formatCount } from "../lib/amounts.ts";
import { formatBytes } from "../lib/bytes.ts";
import { readableTime } from "../lib/time.ts";
import { aside } from "./aside.ts";
import { namesOf } from "./aside-jobs.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { checkExport } from "./export-checks.ts";
import type { Annotation, JobReport } from "./github.ts";
import { selectStreams } from "./selection.ts";
import {
  databaseOptions,
  progressOption,
  skipOption,
  streamArguments,
  takeOverOption,
} from "./shared-options.ts";

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
    columns: {
      kind: "list",
      summary: "only these columns, in this order",
      placeholder: "column",
      of: "column",
      example: "id,created_at",
    },
    where: {
      kind: "string",
      summary: "only rows that an SQL expression holds of",
      placeholder: "sql",
      example: "status = 'open'",
    },
    limit: { kind: "integer", summary: "at most so many rows of each stream", placeholder: "n", min: 1 },
    includeDeleted: {
      kind: "boolean",
      summary: "deleted rows of all streams; else only of users, teams, tags and the like",
    },
    liveOnly: { kind: "boolean", summary: "deleted rows of no stream" },
    forExcel: {
      kind: "boolean",
      summary: "CSV that a spreadsheet opens rightly: ids and formulas stay text, times are times",
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
    ["kustomer-sync export customers --stdout --limit 10", "a look at one stream"],
    [
      `kustomer-sync export messages --columns id,preview,sent_at --where "channel='email'"`,
      "part of one, in SQL's words",
    ],
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
      named: positionals.stream.length > 0,
      format,
      compression: values.compress ?? format.compression,
      forExcel: values.forExcel,
      rowGroupRows: values.rowGroupRows ?? null,
      partitionBy: values.partitionBy ?? null,
      deletedRows: values.includeDeleted ? "always" : values.liveOnly ? "never" : null,
      columns: values.columns.length > 0 ? values.columns : null,
      where: values.where ?? null,
      limit: values.limit ?? null,
      since: values.sinceLast ? "last" : (values.since ?? null),
    };
    if (values.stdout) {
      const { cutCells } = await aside("exportToSink", namesOf(options), {
        signal: context.signal,
        on: { out },
      });
      if (cutCells > 0) log.warn(`${streams[0]!.name}: ${cutWords(cutCells)}`);
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
    for (const { title, message } of warningsOf(exported, values.forExcel)) log.warn(`${title}: ${message}`);
    if (values.json) await outJson(asJson(exported, values.format));
    else await showTable(COLUMNS, rowsOf(exported));
    await job.tell(jobReport(exported, values.forExcel));
    log.info(`${exported.out} holds the file as it was at ${readableTime(exported.moment)}`);
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

function asJson({ moment, out, streams, leftOut }: Exported, format: string) {
  return {
    moment,
    out,
    format,
    left_out: leftOut,
    streams: streams.map((one) => ({
      stream: one.stream,
      rows: one.rows,
      deleted: one.deleted,
      files: one.files.length,
      bytes: bytesOf(one),
      since: one.since,
      ...(one.cut_cells === undefined ? {} : { cut_cells: one.cut_cells }),
    })),
  };
}

/** What is not as the user may think it is. */
function warningsOf({ streams, leftOut }: Exported, forExcel: boolean): Annotation[] {
  const warn = (title: string, message: string): Annotation => ({ level: "warning", title, message });
  const left = leftOut.map((stream) => warn(stream, "left out: it was never synced into this file"));
  if (!forExcel) return left;
  const cut = streams
    .filter(({ cut_cells = 0 }) => cut_cells > 0)
    .map(({ stream, cut_cells = 0 }) => warn(stream, cutWords(cut_cells)));
  const long = streams
    .flatMap(({ files }) => files)
    .filter(({ rows }) => rows >= MOST_ROWS)
    .map(({ path, rows }) => warn(path, `it has ${formatCount(rows)} rows, and ${LONG}`));
  return [...left, ...cut, ...long];
}

function cutWords(cells: number): string {
  const were = cells === 1 ? "1 cell was" : `${formatCount(cells)} cells were`;
  return `${were} cut at ${formatCount(MOST_CHARACTERS)} characters, the most that a cell of a spreadsheet holds`;
}

const LONG = `a sheet ${formatCount(MOST_ROWS)} with the header: --partition-by month makes smaller files`;

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

function jobReport(exported: Exported, forExcel: boolean): JobReport {
  const { streams, out, moment } = exported;
  const sum = (count: (stream: Exported["streams"][number]) => number) =>
    streams.reduce((all, one) => all + count(one), 0);
  return {
    title: `kustomer-sync export: ${out}`,
    table: { columns: COLUMNS, rows: rowsOf(exported) },
    notes: [`The file as it was at ${readableTime(moment)}.`],
    annotations: warningsOf(exported, forExcel),
    outputs: { out, moment, rows: sum(({ rows }) => rows), bytes: sum(bytesOf) },
  };
}
