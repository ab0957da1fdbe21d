/** Exports of small files in a folder of their own, and what is to be seen of them from outside. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ExportOptions,
  exportToFolder,
  type FolderOptions,
  type Hooks,
} from "../../src/export/export.ts";
import { FORMATS } from "../../src/export/formats.ts";
import type { Manifest } from "../../src/export/manifest.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { NOW, put, resource, stream } from "../store/fixture.ts";

/** Makes a file of `rows` customers, one of five of them deleted, and three tags. */
export function makeFile(db: string, rows: number): void {
  changeFile(db, (store) => {
    put(
      store,
      "customers",
      Array.from({ length: rows }, (_, index) =>
        resource(`customer ${index}`, {
          name: `Name ${index}`,
          createdAt: `2026-${String(1 + (index % 3)).padStart(2, "0")}-15T00:00:00.000Z`,
          deleted: index % 5 === 4,
        }),
      ),
    );
    put(
      store,
      "tags",
      ["one", "two", "three"].map((id) => resource(id, { name: id })),
    );
  });
}

export function changeFile<T>(db: string, change: (store: Store) => T): T {
  const store = openStore(db, { mode: "create" });
  try {
    return change(store);
  } finally {
    store.close();
  }
}

export const HOOKS: Hooks = {
  signal: new AbortController().signal,
  onProgress() {},
  onDone() {},
  onNote() {},
};

/** The options of an export of customers and tags as CSV. */
export function optionsOf(db: string, out: string, more: Partial<FolderOptions> = {}): FolderOptions {
  const base: ExportOptions = {
    db,
    streams: [stream("customers"), stream("tags")],
    format: FORMATS.csv,
    compression: "none",
    forExcel: false,
    rowGroupRows: null,
    partitionBy: null,
    named: true,
    deletedRows: null,
    columns: null,
    where: null,
    limit: null,
    since: null,
  };
  return { ...base, out, overwrite: false, takeOver: false, ...more };
}

/** Exports, and returns what was noted on the way. */
export async function exported(options: FolderOptions, hooks: Partial<Hooks> = {}) {
  const notes: string[] = [];
  const result = await exportToFolder(options, {
    ...HOOKS,
    onNote: (note) => void notes.push(note),
    ...hooks,
  });
  return { ...result, notes };
}

/** Every file in a folder by its path, with what is in it. */
export function filesIn(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path)]),
  );
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "_manifest.json"), "utf8")) as Manifest;
}

/** What is wrong with an export, judged by its manifest: nothing when all is there, and nothing else. */
export function faultsOf(folder: string): string[] {
  const files = filesIn(folder);
  const faults: string[] = [];
  const listed = manifestOf(folder).streams.flatMap(({ files }) => files);
  for (const { path, bytes, sha256 } of listed) {
    const content = files.get(path);
    files.delete(path);
    if (content === undefined) faults.push(`${path} is not there`);
    else if (content.length !== bytes) faults.push(`${path} has ${content.length} bytes, not ${bytes}`);
    else if (sha256Of(content) !== sha256) faults.push(`${path} has another sum`);
  }
  files.delete("_manifest.json");
  return [...faults, ...[...files.keys()].map((path) => `${path} is of no export`)];
}

export function sha256Of(content: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

export const later = (ms: number) => ({ now: NOW + ms });
