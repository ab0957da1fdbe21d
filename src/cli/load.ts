/**
 * `kustomer-sync load STREAM FILE...`: puts recorded API responses through the path of a sync, without the
 * network. All files are read and checked to their end before the first row is written, and then read again.
 */
import type { KeptOut } from "../kustomer/shapes.ts";
import { amountOf } from "../lib/amounts.ts";
import { AppError, EXIT } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { openStore } from "../store/store.ts";
import { isTypeOf, type Stream } from "../streams/define.ts";
import { findStream, STREAMS } from "../streams/index.ts";
import { defineCommand, type Surroundings } from "./command.ts";
import { openRereadable, type Rereadable } from "./file-copy.ts";
import { readRecorded } from "./recorded.ts";
import { databaseOptions, streamArgument } from "./shared-options.ts";

/** As many rows as a page of a sync. */
const BATCH = 500;
/** So many of the rows that were kept out are named. */
const NAMED = 5;

export const load = defineCommand({
  name: "load",
  summary: "put recorded API responses into the file, without the network",
  positionals: [
    streamArgument,
    {
      name: "file",
      summary: "a response, an array or NDJSON of resources; - for stdin",
      variadic: true,
    },
  ],
  options: { ...databaseOptions },
  examples: [
    ["kustomer-sync load customers page-1.json page-2.json", "saved answers of the API"],
    ["kustomer-sync load messages - --db old.db < messages.ndjson", "a stream of resources"],
  ],
  stopping: "rows that were written are kept",
  run: async ({ values, positionals, signal, log, show, outJson }) => {
    const stream = findStream(positionals.stream)!;
    const files: Rereadable[] = [];
    let written: Written;
    try {
      for (const path of positionals.file) files.push(await openRereadable(path, signal));
      for (const file of files) {
        for await (const { rows } of readRecorded(file.name, file.bytes())) checkType(stream, rows, file);
      }
      written = await write(values.db, stream, files, { signal, log });
    } finally {
      for (const file of files) await file.close();
    }
    const { keptOut, ...counts } = written;
    if (values.json) await outJson({ db: values.db, stream: stream.name, ...counts });
    else {
      await show(
        `${stream.name}: ${counts.read} read, ${counts.written} written, ${counts.deleted} deleted, ${counts.rejected} kept out\n`,
      );
    }
    if (counts.rejected > 0) {
      const count = amountOf(
        counts.rejected,
        "row could not be stored and was kept out",
        "rows could not be stored and were kept out",
      );
      const named = keptOut.map(({ id, why }) => `${id ?? "one"} ${why}`).join("; ");
      log.warn(`${count}: ${named}${counts.rejected > keptOut.length ? "; ..." : ""}`);
    }
    return EXIT.done;
  },
});

type Written = {
  read: number;
  written: number;
  deleted: number;
  rejected: number;
  /** The first of those that were rejected. */
  readonly keptOut: KeptOut[];
};

/** Writes the rows of files that were found sound. */
async function write(
  db: string,
  stream: Stream,
  files: readonly Rereadable[],
  { signal, log }: Pick<Surroundings, "signal" | "log">,
): Promise<Written> {
  const counts: Written = { read: 0, written: 0, deleted: 0, rejected: 0, keptOut: [] };
  const store = openStore(db, { mode: "create" });
  const commit = (rows: readonly Resource[]) => {
    const done = store.commit({ stream, rows, state: null, now: Date.now(), isOwnClock: true });
    counts.read += rows.length;
    counts.written += done.written;
    counts.deleted += done.deleted;
  };
  try {
    await store.lock.acquire("load", { signal, onWatch: log.info });
    let batch: Resource[] = [];
    for (const { name, bytes } of files) {
      for await (const { rows, rejected, keptOut } of readRecorded(name, bytes())) {
        counts.rejected += rejected;
        counts.keptOut.push(...keptOut.slice(0, NAMED - counts.keptOut.length));
        batch.push(...rows);
        for (; batch.length >= BATCH; batch = batch.slice(BATCH)) commit(batch.slice(0, BATCH));
      }
    }
    if (batch.length > 0) commit(batch);
    return counts;
  } finally {
    store.close();
  }
}

/** Rows of another stream would be mixed into the table for ever: they are refused. */
function checkType(stream: Stream, rows: readonly Resource[], { name, path }: Rereadable): void {
  for (const { id, type } of rows) {
    if (typeof type !== "string" || isTypeOf(stream, type)) continue;
    const other = STREAMS.find((each) => isTypeOf(each, type));
    throw new AppError("usage", `row ${id} is a ${type}, not a ${stream.type}`, {
      at: name,
      hint:
        other === undefined ? `give rows of type ${stream.type}` : `kustomer-sync load ${other.name} ${path}`,
    });
  }
}
