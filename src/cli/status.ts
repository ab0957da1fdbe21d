/** `kustomer-sync status`: what the file holds and how far each stream is. Asks nobody, changes nothing. */
import { aside } from "./aside.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions } from "./options.ts";
import { renderTable } from "./table.ts";

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
  run: async ({ values, signal, out, outJson, color }) => {
    const streams = await aside("status", { db: values.db }, { signal });
    if (values.json) {
      await outJson({ db: values.db, streams });
      return;
    }
    const rows = streams.map(({ stream, rows, deleted, synced_to, complete, last_run }) => [
      stream,
      rows,
      deleted,
      synced_to ?? "never",
      complete ? "yes" : "no",
      last_run === null ? "never" : `${last_run.finished_at ?? "not finished"} (${last_run.status})`,
    ]);
    const columns = ["stream", "rows", "deleted", "synced to", "complete", "last run"];
    await out(renderTable(columns, rows, { color }));
  },
});
