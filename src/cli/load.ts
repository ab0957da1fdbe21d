/**
 * `kustomer-sync load STREAM FILE...`: puts recorded API responses through the path of a sync, without the
 * network. All files are read and checked to their end before the first row is written, and then read again.
 */
import { counted } from "../lib/count.ts";
import { AppError, EXIT } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import { openStore } from "../store/store.ts";
import type { Stream } from "../streams/define.ts";
import { findStream, STREAMS } from "../streams/index.ts";
import { defineCommand } from "./command.ts";
import { databaseOptions, streamArgument } from "./options.ts";
import { readRecorded } from "./recorded.ts";
import { openRereadable, type Rereadable } from "./rereadable.ts";

/** As many rows as a page of a sync. */
const BATCH = 500;

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
    let counts: Counts;
    try {
      for (const path of positionals.file) files.push(await openRereadable(path, signal));
      for (const file of files) {
        for await (const { rows } of readRecorded(file.name, file.bytes())) checkType(stream, rows, file);
      }
      counts = await write(values.db, stream, files);
    } finally {
      for (const file of files) await file.close();
    }
    if (values.json) await outJson({ db: values.db, stream: stream.name, ...counts });
    else {
      await show(
        `${stream.name}: ${counts.read} read, ${counts.written} written, ${counts.deleted} deleted, ${counts.rejected} kept out\n`,
      );
    }
    if (counts.rejected > 0) log.warn(`${counted(counts.rejected, "row")} without a usable id, kept out`);
    return EXIT.done;
  },
});

type Counts = { read: number; written: number; deleted: number; rejected: number };

/** Writes the rows of files that were found sound. */
async function write(db: string, stream: Stream, files: readonly Rereadable[]): Promise<Counts> {
  const counts = { read: 0, written: 0, deleted: 0, rejected: 0 };
  const store = openStore(db, { mode: "create" });
  const commit = (rows: readonly Resource[]) => {
    const done = store.commit({ stream, rows, state: null, now: Date.now() });
    counts.read += rows.length;
    counts.written += done.written;
    counts.deleted += done.deleted;
  };
  try {
    store.lock.acquire("load");
    let batch: Resource[] = [];
    for (const { name, bytes } of files) {
      for await (const { rows, rejected } of readRecorded(name, bytes())) {
        counts.rejected += rejected;
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
    if (typeof type !== "string" || isOf(stream, type)) continue;
    const other = STREAMS.find((each) => isOf(each, type));
    throw new AppError("usage", `row ${id} is a ${type}, not a ${stream.type}`, {
      at: name,
      hint:
        other === undefined ? `give rows of type ${stream.type}` : `kustomer-sync load ${other.name} ${path}`,
    });
  }
}

function isOf(stream: Stream, type: string): boolean {
  return type === stream.type || type === stream.name || type.startsWith(`${stream.type}.`);
}
