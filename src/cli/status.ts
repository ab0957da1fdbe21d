/** `kustomer-sync status`: what the file holds and how far each stream is. Asks nobody, changes nothing. */
import type { LastRun } from "../store/status.ts";
import { aside } from "./aside.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions } from "./shared-options.ts";
import { type Cell, type Column, timeTexts } from "./table.ts";

export const status = defineCommand({
  name: "status",
  summary: "show what the file holds: rows, deleted, synced up to, complete or not, last run",
  positionals: [],
  options: { ...databaseOptions },
  examples: [
    ["kustomer-sync status", "of ./kustomer.db"],
    ["kustomer-sync status --db acme.db --json", "for a script"],
  ],
  stopping: "nothing was changed",
  run: async ({ values, signal, showTable, outJson }) => {
    const streams = await aside("status", { db: values.db }, { signal });
    if (values.json) {
      await outJson({ db: values.db, streams });
      return;
    }
    const rows = streams.map(({ stream, rows, deleted, synced_to, complete, start, last_run }) => [
      stream,
      rows,
      deleted,
      synced_to === null ? "never" : timeTexts(synced_to),
      completeTexts(complete, start),
      last_run === null ? "never" : runTexts(last_run),
    ]);
    await showTable(COLUMNS, rows);
  },
});

const COLUMNS: readonly Column[] = [
  "stream",
  "live rows",
  { title: "deleted", gives: [9] },
  { title: "synced to", gives: [5, 8] },
  { title: "complete", gives: [1, 2], least: 8 },
  { title: "last run", gives: [3, 4, 6, 7] },
];

/** Whether all was read; of a stream that was read from a start date on, from when. */
export function completeTexts(complete: boolean, start: string | null): Cell {
  if (!complete) return "no";
  return start === null ? "yes" : timeTexts(start).map((time) => `since ${time}`);
}

/** How a run ended and when; of one that runs, or whose end nobody noted, when it began. */
function runTexts({ status, started_at, finished_at }: LastRun): Cell {
  const begun = status === "running" ? "running since" : `${status}, begun`;
  const words = finished_at === null ? begun : status;
  return [...timeTexts(finished_at ?? started_at).map((time) => `${words} ${time}`), status];
}
