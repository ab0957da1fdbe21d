/** A series of exports: each brings exactly what was written since the one before. */
import { afterAll, expect, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { FORMATS } from "../../src/export/formats.ts";
import { openMoment } from "../../src/store/moment.ts";
import { folder, put, resource, stream } from "../store/fixture.ts";
import {
  changeFile,
  exported,
  faultsOf,
  filesIn,
  later,
  makeFile,
  manifestOf,
  optionsOf,
} from "./fixture.ts";

const place = folder();
afterAll(place.remove);
let count = 0;

/** A file of its own, and a folder for its exports. */
function begin(rows = 10) {
  const db = join(place.path, `${++count}.db`);
  const out = join(place.path, `out ${count}`);
  makeFile(db, rows);
  return { db, out, next: optionsOf(db, out, { since: "last" }) };
}

/** The rows of an export, as `id`, or `id deleted`. */
function rowsOf(out: string, name = "customers"): string[] {
  const rows = parse(filesIn(out).get(`${name}.csv`)!, { columns: true }) as Record<string, string>[];
  return rows.map(({ id, _deleted_at }) => (_deleted_at === "" ? id! : `${id} deleted`)).sort();
}

test("the first is whole, those that follow bring what changed, new, deleted and gone, and nothing twice", async () => {
  const { db, out, next } = begin();
  const first = await exported(next);
  expect([first.out, rowsOf(out).length, rowsOf(out, "tags").length]).toEqual([out, 8, 3]);

  changeFile(db, (store) => {
    put(store, "customers", [resource("customer 1", { name: "other" }), resource("new")], later(1));
    put(
      store,
      "customers",
      [resource("customer 2", { deleted: true }), resource("customer 3", { name: "Name 3" })],
      later(2),
    );
    put(store, "tags", [], { sweep: new Set(["one", "three"]), ...later(3) });
  });
  const second = await exported(next);
  expect(basename(second.out)).toMatch(/^\d{8}T\d{6}\.\d{3}Z$/);
  expect(rowsOf(second.out)).toEqual(["customer 1", "customer 2 deleted", "customer 3", "new"]);
  expect(rowsOf(second.out, "tags")).toEqual(["two deleted"]);
  expect(second.streams.map(({ since }) => since)).toEqual(first.streams.map(({ written_to }) => written_to));

  const third = await exported(next);
  expect([rowsOf(third.out), rowsOf(third.out, "tags")]).toEqual([[], []]);

  changeFile(db, (store) => put(store, "customers", [resource("newer")], later(4)));
  const fourth = await exported(next);
  expect(rowsOf(fourth.out)).toEqual(["newer"]);
  expect([first, second, third, fourth].map(({ out }) => manifestOf(out).sequence)).toEqual([1, 2, 3, 4]);
  for (const each of [second, third, fourth]) expect(faultsOf(each.out)).toEqual([]);
});

test("a clock that is set back loses nothing", async () => {
  const { db, next } = begin();
  await exported(next);
  changeFile(db, (store) => put(store, "customers", [resource("new")], { now: 1_000 }));
  expect(rowsOf((await exported(next)).out)).toEqual(["new"]);
});

test("an export that failed, or was removed, is as if it had not been", async () => {
  const { db, next } = begin();
  await exported(next);
  changeFile(db, (store) => put(store, "customers", [resource("new")], later(1)));
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("enough"));
  await expect(exported(next, { signal: controller.signal, onDone: stop })).rejects.toThrow("enough");
  const second = await exported(next);
  expect(rowsOf(second.out)).toEqual(["new"]);
  rmSync(second.out, { recursive: true });
  expect(rowsOf((await exported(next)).out)).toEqual(["new"]);
});

test("each stream goes on from where it was exported last", async () => {
  const { db, next } = begin();
  await exported({ ...next, streams: [stream("customers")] });
  changeFile(db, (store) => {
    put(store, "customers", [resource("new")], later(1));
    put(store, "tags", [resource("four")], later(2));
  });
  const tags = await exported({ ...next, streams: [stream("tags")] });
  expect(tags.notes).toEqual(["tags: everything is exported: no earlier export of it is here"]);
  expect(rowsOf(tags.out, "tags")).toEqual(["four", "one", "three", "two"]);
  const both = await exported(next);
  expect([rowsOf(both.out), rowsOf(both.out, "tags"), both.notes]).toEqual([["new"], [], []]);
});

test("another format begins its own series in the same folder", async () => {
  const { next } = begin();
  await exported(next);
  const other = await exported({ ...next, format: FORMATS.ndjson });
  expect(other.streams.map(({ rows }) => rows)).toEqual([10, 3]);
  expect((await exported({ ...next, format: FORMATS.ndjson })).streams.map(({ rows }) => rows)).toEqual([
    0, 0,
  ]);
  expect((await exported(next)).streams.map(({ rows }) => rows)).toEqual([0, 0]);
});

test("of another file, or of an older copy of it, everything comes again, and that is said", async () => {
  const { db, next } = begin();
  const copy = `${db}.copy`;
  cpSync(db, copy);
  changeFile(db, (store) => put(store, "customers", [resource("new")], later(60_000)));
  await exported(next);
  const older = await exported({ ...next, db: copy });
  expect(older.notes[0]).toBe(
    "customers: everything is exported: the file is an older copy than the one exported before",
  );
  // With the deleted ones, which the export before it may show as live.
  expect(older.streams.map(({ rows, deleted, since }) => [rows, deleted, since])).toEqual([
    [10, 2, null],
    [3, 0, null],
  ]);
  expect((await exported({ ...next, db: copy })).streams.map(({ rows }) => rows)).toEqual([0, 0]);
  const stranger = begin();
  const strange = await exported({ ...next, db: stranger.db });
  expect(strange.notes[0]).toBe("customers: everything is exported: the earlier export is of another file");
});

test("overwrite begins the series anew, and those that followed go with it", async () => {
  const { db, out, next } = begin();
  await exported(next);
  await exported(next);
  await exported(next);
  await exported(optionsOf(db, out, { overwrite: true }));
  expect([...filesIn(out).keys()].sort()).toEqual(["_manifest.json", "customers.csv", "tags.csv"]);
  expect((await exported(next)).streams.map(({ rows }) => rows)).toEqual([0, 0]);
});

function clockOf(db: string) {
  const snapshot = openMoment(db);
  snapshot.close();
  return snapshot.clock;
}

test("since a time: what was written at it or later, deletions with it", async () => {
  const { db, out } = begin();
  const clock = clockOf(db);
  const gone = resource("customer 2", { deleted: true });
  changeFile(db, (store) => put(store, "customers", [gone], { now: clock!.at + 3_600_000 }));
  const from = async (since: number, name: string) => {
    await exported(optionsOf(db, `${out} ${name}`, { since }));
    return rowsOf(`${out} ${name}`);
  };
  expect(await from(clock!.at + 3_600_000, "before")).toEqual(["customer 2 deleted"]);
  // The file's clock stands where the last row was written.
  const { at } = clockOf(db)!;
  expect(await from(at, "at")).toEqual(["customer 2 deleted"]);
  expect(await from(at + 1, "after")).toEqual([]);
  expect((await from(0, "all")).length).toBe(10);
});

test("since a time goes by when a row was written, not by when the run began that brought it", async () => {
  const { db, out } = begin();
  const since = clockOf(db)!.at + 1;
  changeFile(db, (store) => put(store, "customers", [resource("new")], { now: since - 3_600_000 }));
  await exported(optionsOf(db, out, { since }));
  expect(rowsOf(out)).toEqual(["new"]);
});
