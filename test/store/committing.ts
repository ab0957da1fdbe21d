/**
 * A process that holds the lock on a file and commits pages to it, a state with each: as fast as it can, or
 * (`stepwise`) one for each byte that comes in. It says what it committed, a line each, then what stopped it.
 */
import { AppError } from "../../src/lib/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { resource, stream } from "./fixture.ts";

const [path, way, from] = process.argv.slice(2) as [string, "freely" | "stepwise", string];
const store = openStore(path, { mode: "create" });
try {
  await store.lock.acquire("sync");
  console.log("holds");
  for await (const page of pages(Number(from))) {
    const rows = Array.from({ length: 50 }, (_, i) => resource(`${page}-${i}`, { name: "x".repeat(500) }));
    const state = { state: { page }, syncedTo: null, complete: false, start: null, counted: null };
    store.commit({ stream: stream("customers"), rows, state, now: Date.now() });
    console.log(`committed ${page}`);
  }
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.log(`${error.code}: ${error.message}`);
} finally {
  store.close();
}

async function* pages(from: number): AsyncGenerator<number> {
  let page = from;
  if (way === "freely") for (;;) yield page++;
  for await (const chunk of Bun.stdin.stream()) for (const _ of chunk) yield page++;
}
