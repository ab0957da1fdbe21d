/**
 * `kustomer-sync snapshot PATH`: a copy of the file in one piece, as it was at one moment, while a sync may be
 * writing it. Asks nobody, and changes nothing but PATH.
 */
import { formatBytes } from "../lib/bytes.ts";
import { AppError, EXIT } from "../lib/errors.ts";
import { formatDuration, readableTime } from "../lib/time.ts";
import { aside } from "./aside.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions } from "./shared-options.ts";
import { completeTexts } from "./status.ts";
import { type Column, timeTexts } from "./table.ts";

const COLUMNS: readonly Column[] = [
  "stream",
  "live rows",
  "deleted",
  { title: "synced to", gives: [3, 4] },
  { title: "complete", gives: [1, 2], least: 8 },
];

/** From here on it takes long enough to be announced. */
const LARGE_BYTES = 200_000_000;

export const snapshot = defineCommand({
  name: "snapshot",
  summary: "copy the file to PATH in one piece, checked, while a sync may be running",
  positionals: [{ name: "path", summary: "where the copy goes; its folder must exist" }],
  options: {
    ...databaseOptions,
    overwrite: { kind: "boolean", summary: "replace the file that is at PATH" },
  },
  examples: [
    ["kustomer-sync snapshot nightly.db", "of ./kustomer.db; then datasette -i nightly.db"],
    ["kustomer-sync snapshot out/acme.db --db acme.db --overwrite --json", "for a script"],
  ],
  stopping: "no half copy is left",
  run: async ({ values, positionals, signal, log, showTable, outJson, job }) => {
    const { path } = positionals;
    if (path === "-") {
      throw new AppError("usage", "a snapshot is a file, and cannot be written to stdout", {
        at: "snapshot",
        hint: "kustomer-sync snapshot copy.db",
      });
    }
    const startedAt = Date.now();
    const begin = (bytes: number) => {
      if (bytes >= LARGE_BYTES)
        log.info(`copying ${formatBytes(bytes)}, then checking it: this takes a while`);
    };
    const { overwrite } = values;
    const taken = await aside(
      "snapshot",
      { db: values.db, path, overwrite },
      { signal, on: { begin, note: log.info } },
    );
    const rows = taken.streams.map(({ stream, rows, deleted, synced_to, complete, start }) => [
      stream,
      rows,
      deleted,
      synced_to === null ? "never" : timeTexts(synced_to),
      completeTexts(complete, start),
    ]);
    if (values.json) await outJson({ path, db: values.db, ...taken });
    else await showTable(COLUMNS, rows);
    const { bytes, sha256, moment } = taken;
    await job.tell({
      title: `kustomer-sync snapshot: ${path}`,
      table: { columns: COLUMNS, rows },
      notes: [`${formatBytes(bytes)}, as of ${readableTime(moment)}, SHA-256 ${sha256}`],
      outputs: { path, bytes, sha256, moment },
    });
    const took = formatDuration(Date.now() - startedAt);
    log.info(
      `${path}: ${formatBytes(taken.bytes)}, as of ${readableTime(taken.moment)}, checked, in ${took}`,
    );
    return EXIT.done;
  },
});
