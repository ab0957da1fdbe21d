/** A store in a folder of its own, and rows to put into it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Resource } from "../../src/lib/resource.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { Stream } from "../../src/streams/define.ts";
import { findStream } from "../../src/streams/index.ts";

export const NOW = Date.UTC(2026, 10, 23, 12);

export const stream = (name: string): Stream => findStream(name)!;

/** A folder that the caller removes, with the path of a file in it. */
export function folder(): { path: string; db: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "kustomer-sync-store-"));
  return {
    path,
    db: join(path, "kustomer.db"),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Runs something on a new store, then closes and removes it. */
export function withStore<T>(action: (store: Store, path: string) => T): T {
  const { db, remove } = folder();
  const store = openStore(db, { mode: "create" });
  try {
    return action(store, db);
  } finally {
    store.close();
    remove();
  }
}

export function resource(id: string, attributes: Record<string, unknown> = {}, more: object = {}): Resource {
  return { id, type: "customer", attributes, ...more };
}

/** Commits rows of a stream without a state. */
export function put(store: Store, name: string, rows: readonly Resource[], more: object = {}) {
  return store.commit({ stream: stream(name), rows, state: null, now: NOW, ...more });
}

/** One row, by id. */
export function row(store: Store, name: string, id: string): Record<string, unknown> {
  const found = store.query(`SELECT * FROM "${name}" WHERE id = '${id}'`)[0];
  if (found === undefined) throw new Error(`no row ${id} in ${name}`);
  return found;
}
