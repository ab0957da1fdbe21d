/**
 * `kustomer-sync load STREAM FILE...`: puts recorded API responses through the path of a sync, without the
 * network. All files are read and checked before the first row is written.
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
  run: async ({ values, positionals, log, show, outJson }) => {
    const stream = findStream(positionals.stream)!;
    const files = await Promise.all(positionals.file.map(rereadable));
    for (const { name, rows } of files) {
      for await (const part of rows()) checkType(stream, part.rows, name);
    }
    const store = openStore(values.db, { mode: "create" });
    const counts = { read: 0, written: 0, deleted: 0, rejected: 0 };
    const commit = (rows: readonly Resource[]) => {
      const done = store.commit({ stream, rows, state: null, now: Date.now() });
      counts.read += rows.length;
      counts.written += done.written;
      counts.deleted += done.deleted;
    };
    try {
      store.lock.acquire("load");
      let batch: Resource[] = [];
      for (const { rows } of files) {
        for await (const part of rows()) {
          counts.rejected += part.rejected;
          batch.push(...part.rows);
          for (; batch.length >= BATCH; batch = batch.slice(BATCH)) commit(batch.slice(0, BATCH));
        }
      }
      if (batch.length > 0) commit(batch);
    } finally {
      store.close();
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

type Rereadable = { readonly name: string; readonly rows: () => ReturnType<typeof readRecorded> };

/** Files are read twice rather than held; stdin comes only once, and is held. */
async function rereadable(file: string): Promise<Rereadable> {
  if (file !== "-") return { name: file, rows: () => readRecorded(file) };
  const parts = await Array.fromAsync(readRecorded(file));
  return {
    name: "stdin",
    rows: async function* () {
      yield* parts;
    },
  };
}

/** Rows of another stream would be mixed into the table for ever: they are refused. */
function checkType(stream: Stream, rows: readonly Resource[], file: string): void {
  for (const { id, type } of rows) {
    if (typeof type !== "string" || isOf(stream, type)) continue;
    const other = STREAMS.find((each) => isOf(each, type));
    throw new AppError("usage", `row ${id} is a ${type}, not a ${stream.type}`, {
      at: file,
      hint:
        other === undefined ? `give rows of type ${stream.type}` : `kustomer-sync load ${other.name} ${file}`,
    });
  }
}

function isOf(stream: Stream, type: string): boolean {
  return type === stream.type || type === stream.name || type.startsWith(`${stream.type}.`);
}
