/**
 * `kustomer-sync reset STREAM...`: forgets how far streams are, so that the next sync reads them from the
 * beginning; with `--drop` their rows go too. All of it is one transaction, and nothing happens unasked.
 */
import { amountOf } from "../lib/amounts.ts";
import { AppError, EXIT } from "../lib/errors.ts";
import { readableTime } from "../lib/time.ts";
import { openStore } from "../store/store.ts";
import type { Stream } from "../streams/define.ts";
import { STREAMS } from "../streams/index.ts";
import { ask, canAsk } from "./ask.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions, streamArguments } from "./shared-options.ts";

export const reset = defineCommand({
  name: "reset",
  summary: "forget how far streams are, so that the next sync reads them from the beginning",
  positionals: [{ ...streamArguments, summary: streamArguments.summary.replace(/;.*/, "") }],
  options: {
    ...databaseOptions,
    all: { kind: "boolean", summary: "all streams, in place of naming them" },
    drop: { kind: "boolean", summary: "remove their rows too" },
    yes: { kind: "boolean", summary: "do not ask; needed where nobody can answer" },
  },
  examples: [
    ["kustomer-sync reset notes", "the next sync reads all notes again; rows stay meanwhile"],
    ["kustomer-sync reset --all --drop --yes", "an empty file, in a script"],
  ],
  run: async ({ values, positionals, signal, log, showTable, outJson }) => {
    const streams = selected(positionals.stream, values.all);
    if (!values.yes && !canAsk()) {
      throw new AppError("usage", "nobody can be asked here whether that is meant", {
        at: "reset",
        hint: "add --yes",
      });
    }
    if (!values.yes) {
      const question = `${consequence(values.db, streams, values.drop)}\ntype yes to do so: `;
      if ((await ask(question, signal))?.trim() !== "yes") {
        throw new AppError("interrupted", "not confirmed; nothing was changed", { at: "reset" });
      }
    }
    const store = openStore(values.db, { mode: "write" });
    let dropped: readonly number[];
    try {
      await store.lock.acquire("reset", { signal, onWatch: log.info });
      dropped = store.reset(streams, { drop: values.drop });
    } finally {
      store.close();
    }
    const rows = streams.map(({ name }, index) => ({ stream: name, rows_dropped: dropped[index] ?? 0 }));
    if (values.json) {
      await outJson({ db: values.db, streams: rows });
      return EXIT.done;
    }
    const cells = rows.map(({ stream, rows_dropped }) => [stream, rows_dropped]);
    await showTable(["stream", "rows dropped"], cells);
    log.info("the next sync reads them from the beginning");
    return EXIT.done;
  },
});

function selected(named: readonly string[], all: boolean): Stream[] {
  if (all !== named.length > 0) return STREAMS.filter(({ name }) => all || named.includes(name));
  const message = all ? "--all and STREAM exclude each other" : "which streams is not said";
  throw new AppError("usage", message, { at: "reset", hint: "name streams, or give --all" });
}

/** What is about to happen, in numbers where there is something to lose. */
function consequence(db: string, streams: readonly Stream[], drop: boolean): string {
  const store = openStore(db, { mode: "read" });
  try {
    const lines = store.status().flatMap(({ stream, rows, deleted, synced_to }) => {
      if (!streams.some(({ name }) => name === stream)) return [];
      return [
        `  ${stream}: ${amountOf(rows + deleted, "row")}, synced to ${synced_to === null ? "nothing yet" : readableTime(synced_to)}`,
      ];
    });
    const loss = drop ? "forgets how far these are, and removes their rows" : "forgets how far these are";
    return [`this ${loss}, in ${db}:`, ...lines].join("\n");
  } finally {
    store.close();
  }
}
