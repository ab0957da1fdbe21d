/** `kustomer-sync status`: what the file holds and how far each stream is. Asks nobody, changes nothing. */
import type { LastRun } from "../store/status.ts";
import { aside } from "./aside.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions } from "./options.ts";
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
    const rows = streams.map(({ stream, rows, deleted, synced_to, complete, last_run }) => [
      stream,
      rows,
      deleted,
      synced_to === null ? "never" : timeTexts(synced_to),
      complete ? "yes" : "no",
      last_run === null ? "never" : runTexts(last_run),
    ]);
    await showTable(COLUMNS, rows);
  },
});

const COLUMNS: readonly Column[] = [
  "stream",
  "live rows",
  { title: "deleted", gives: [7] },
  { title: "synced to", gives: [3, 6] },
  "complete",
  { title: "last run", gives: [1, 2, 4, 5] },
];

/** How a run ended and when; of one that runs, or whose end nobody noted, when it began. */
function runTexts({ status, started_at, finished_at }: LastRun): Cell {
  const begun = status === "running" ? "running since" : `${status}, begun`;
  const words = finished_at === null ? begun : status;
  return [...timeTexts(finished_at ?? started_at).map((time) => `${words} ${time}`), status];
}
