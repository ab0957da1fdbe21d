/** A part of a stream: which rows and columns come, and that no later export takes it for the whole. */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { FolderOptions } from "../../src/export/export.ts";
import { FORMATS } from "../../src/export/formats.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { folder, put, resource, stream } from "../store/fixture.ts";
import { changeFile, exported, faultsOf, filesIn, makeFile, manifestOf, optionsOf } from "./fixture.ts";

const place = folder();
afterAll(place.remove);
makeFile(place.db, 100);
changeFile(place.db, (store) => {
  put(store, "users", [resource("here", { name: "Ada" }), resource("left", { name: "Bo", deleted: true })]);
  put(store, "tags", [resource("old", { name: "old", deleted: true })]);
});
let count = 0;
const newFolder = () => join(place.path, `out ${++count}`);
const customers = { streams: [stream("customers")] };

async function rowsOf(more: Partial<FolderOptions>): Promise<Record<string, string>[]> {
  const out = newFolder();
  await exported(optionsOf(place.db, out, more));
  expect(faultsOf(out)).toEqual([]);
  return [...filesIn(out)]
    .filter(([path]) => path.endsWith(".csv"))
    .flatMap(([, text]) => parse(text, { columns: true }) as unknown as Record<string, string>[]);
}

describe("deleted rows", () => {
  const counts = async (more: Partial<FolderOptions>) => {
    const out = newFolder();
    const streams = ["customers", "tags", "users"].map(stream);
    const { streams: written } = await exported(optionsOf(place.db, out, { streams, ...more }));
    expect(manifestOf(out).streams.map((each) => each.includes_deleted)).toEqual(
      written.map((each) => each.includes_deleted),
    );
    return written.map(({ rows, deleted }) => [rows, deleted]);
  };

  test("of what others look up come unless they are told not to, so that who left still has a name", async () => {
    expect(await counts({})).toEqual([
      [80, 0],
      [4, 1],
      [2, 1],
    ]);
    expect(await counts({ deletedRows: "always" })).toEqual([
      [100, 20],
      [4, 1],
      [2, 1],
    ]);
    expect(await counts({ deletedRows: "never" })).toEqual([
      [80, 0],
      [3, 0],
      [1, 0],
    ]);
  });

  test("that were written since a time come as changes, unless live rows alone are wanted", async () => {
    expect(await counts({ since: 0 })).toEqual([
      [100, 20],
      [4, 1],
      [2, 1],
    ]);
    expect(await counts({ since: 0, deletedRows: "never" })).toEqual([
      [80, 0],
      [3, 0],
      [1, 0],
    ]);
  });

  test("are counted also where the column that tells them is not wanted", async () => {
    expect(await counts({ deletedRows: "always", columns: ["id"] })).toEqual([
      [100, 20],
      [4, 1],
      [2, 1],
    ]);
  });
});

describe("columns", () => {
  test("that were asked for come, in that order", async () => {
    const [first, ...rest] = await rowsOf({ ...customers, columns: ["NAME", "id"] });
    expect([Object.entries(first!), rest.length]).toEqual([
      [
        ["name", "Name 0"],
        ["id", "customer 0"],
      ],
      79,
    ]);
  });

  test("need not be those by which rows are chosen or put into folders", async () => {
    const rows = await rowsOf({
      ...customers,
      columns: ["name"],
      where: "id = 'customer 1'",
      partitionBy: "month",
    });
    expect(rows).toEqual([{ name: "Name 1" }]);
  });

  test("of every format", async () => {
    for (const format of Object.values(FORMATS)) {
      const out = newFolder();
      await exported(optionsOf(place.db, out, { ...customers, format, columns: ["created_at", "id"] }));
      const [{ columns, files }] = manifestOf(out).streams as [ReturnType<typeof manifestOf>["streams"][0]];
      expect(columns.map(({ name }) => name)).toEqual(["created_at", "id"]);
      expect(files[0]!.columns.map(({ name }) => name)).toEqual(["created_at", "id"]);
    }
  });
});

describe("a limit", () => {
  test("is of each stream, whatever files they are cut into", async () => {
    for (const partitionBy of [null, "month"] as const) {
      expect(await rowsOf({ limit: 7, partitionBy })).toHaveLength(7 + 4);
    }
    expect(await rowsOf({ ...customers, limit: 5, where: "name > 'Name 5'" })).toHaveLength(5);
    expect(await rowsOf({ ...customers, limit: 1_000 })).toHaveLength(80);
  });
});

test("nothing goes on from a part as if it were the whole", async () => {
  const part: Partial<FolderOptions>[] = [{ limit: 5 }, { where: "name = 'Name 1'" }, { columns: ["id"] }];
  for (const more of part) {
    const out = newFolder();
    await exported(optionsOf(place.db, out, { ...customers, ...more }));
    expect(manifestOf(out).streams[0]!.written_to).toBeNull();
    const next = await exported(optionsOf(place.db, out, { ...customers, since: "last" }));
    expect(next.notes).toEqual([
      "customers: everything is exported: the earlier export says not how far it came",
    ]);
    expect(next.streams[0]!.rows).toBe(100);
  }
});

describe("a stream that was never synced", () => {
  test("is refused where it was named, and nothing is written", async () => {
    const out = newFolder();
    const options = optionsOf(place.db, out, { streams: ["customers", "notes", "teams"].map(stream) });
    await expect(exported(options)).rejects.toMatchObject({
      code: "usage",
      message: "notes, teams: never synced into this file",
    });
    expect(filesIn(out).size).toBe(0);
  });

  test("is left out where all were asked for, and is named", async () => {
    const out = newFolder();
    const { streams, leftOut } = await exported(optionsOf(place.db, out, { streams: STREAMS, named: false }));
    const kept = ["customers", "tags", "users"];
    expect(streams.map((each) => each.stream)).toEqual(kept);
    expect(leftOut).toEqual(STREAMS.map(({ name }) => name).filter((name) => !kept.includes(name)));
    expect(faultsOf(out)).toEqual([]);
  });

  test("is none that was synced and has no rows", async () => {
    const db = join(place.path, "empty.db");
    changeFile(db, (store) => {
      const nothing = optionsOf(db, newFolder(), { streams: STREAMS, named: false });
      expect(exported(nothing)).rejects.toMatchObject({ message: "nothing was synced into this file yet" });
      put(store, "notes", [], { state: { state: {}, syncedTo: null, complete: true } });
    });
    const { streams } = await exported(optionsOf(db, newFolder(), { streams: [stream("notes")] }));
    expect(streams.map(({ rows }) => rows)).toEqual([0]);
  });
});
