/** What is in the folder of an export, and what an export does to a folder that is not empty. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import Ajv from "ajv/dist/2020.js";
import { FORMATS } from "../../src/export/formats.ts";
import { isCanonicalTime } from "../../src/lib/time.ts";
import { folder, put, stream } from "../store/fixture.ts";
import { changeFile, exported, faultsOf, filesIn, makeFile, manifestOf, optionsOf } from "./fixture.ts";

const place = folder();
afterAll(place.remove);
makeFile(place.db, 100);
changeFile(place.db, (store) =>
  put(store, "notes", [], { state: { state: {}, syncedTo: null, complete: true } }),
);
let count = 0;
const newFolder = () => join(place.path, `out ${++count}`);
const paths = (out: string) => [...filesIn(out).keys()].sort();
const { csv, ndjson, parquet } = FORMATS;

describe("an export", () => {
  test("of CSV is a file a stream, and the manifest", async () => {
    const out = newFolder();
    await exported(optionsOf(place.db, out));
    expect(paths(out)).toEqual(["_manifest.json", "customers.csv", "tags.csv"]);
    expect(faultsOf(out)).toEqual([]);
  });

  test.each(["gzip", "zstd"] as const)(
    "packed with %s says so in its names and unpacks to the same",
    async (compression) => {
      const [plain, packed] = [newFolder(), newFolder()];
      await exported(optionsOf(place.db, plain));
      await exported(optionsOf(place.db, packed, { compression }));
      const ending = compression === "gzip" ? ".gz" : ".zst";
      expect(paths(packed)).toEqual(["_manifest.json", `customers.csv${ending}`, `tags.csv${ending}`]);
      const bytes = Uint8Array.from(filesIn(packed).get(`customers.csv${ending}`)!);
      const unpacked = compression === "gzip" ? gunzipSync(bytes) : zstdDecompressSync(bytes);
      expect(Buffer.compare(unpacked, filesIn(plain).get("customers.csv")!)).toBe(0);
      expect(faultsOf(packed)).toEqual([]);
    },
  );

  test("of NDJSON is cut into row groups of so many rows, each with its bounds", async () => {
    const out = newFolder();
    await exported(optionsOf(place.db, out, { format: ndjson, rowGroupRows: 33, deletedRows: "always" }));
    const [customers, tags] = manifestOf(out).streams;
    expect(customers!.files.map(({ path, rows }) => [path, rows])).toEqual([
      ["customers/00001.ndjson", 33],
      ["customers/00002.ndjson", 33],
      ["customers/00003.ndjson", 33],
      ["customers/00004.ndjson", 1],
    ]);
    expect(tags!.files.map(({ path }) => path)).toEqual(["tags/00001.ndjson"]);
    for (const { path, columns } of customers!.files) {
      const lines = filesIn(out).get(path)!.toString().trimEnd().split("\n");
      const names = lines.map((line) => (JSON.parse(line) as { name: string }).name).sort();
      const { min, max, nulls } = columns.find(({ name }) => name === "name")!;
      expect([min, max, nulls]).toEqual([names[0]!, names.at(-1)!, 0]);
    }
    expect(faultsOf(out)).toEqual([]);
  });

  test("by month is in folders, rows without a date in the one that is read as NULL", async () => {
    const out = newFolder();
    const options = optionsOf(place.db, out, {
      partitionBy: "month",
      format: ndjson,
      rowGroupRows: 20,
      deletedRows: "always",
    });
    await exported(options);
    const [customers, tags] = manifestOf(out).streams;
    expect(customers!.files.map(({ path, rows, partition }) => [path, rows, partition])).toEqual([
      ["customers/created_month=2026-01/00001.ndjson", 20, { created_month: "2026-01" }],
      ["customers/created_month=2026-01/00002.ndjson", 14, { created_month: "2026-01" }],
      ["customers/created_month=2026-02/00001.ndjson", 20, { created_month: "2026-02" }],
      ["customers/created_month=2026-02/00002.ndjson", 13, { created_month: "2026-02" }],
      ["customers/created_month=2026-03/00001.ndjson", 20, { created_month: "2026-03" }],
      ["customers/created_month=2026-03/00002.ndjson", 13, { created_month: "2026-03" }],
    ]);
    expect(tags!.files.map(({ path, partition }) => [path, partition])).toEqual([
      ["tags/created_month=__HIVE_DEFAULT_PARTITION__/00001.ndjson", { created_month: null }],
    ]);
    expect(faultsOf(out)).toEqual([]);
  });

  test("of a stream without rows has its file, and its columns with their kinds", async () => {
    for (const options of [
      { format: csv },
      { format: ndjson },
      { format: parquet },
      { partitionBy: "day" as const },
    ]) {
      const out = newFolder();
      await exported(optionsOf(place.db, out, { streams: [stream("notes")], ...options }));
      const [notes] = manifestOf(out).streams;
      expect(notes!.files).toHaveLength(1);
      expect(notes!.columns).toEqual(stream("notes").columns.map(({ name, kind }) => ({ name, kind })));
      expect(faultsOf(out)).toEqual([]);
    }
  });

  test("without deleted rows unless they are asked for", async () => {
    const [live, all] = [newFolder(), newFolder()];
    const { streams } = await exported(optionsOf(place.db, live));
    expect(streams.map(({ rows, deleted }) => [rows, deleted])).toEqual([
      [80, 0],
      [3, 0],
    ]);
    const { streams: both } = await exported(optionsOf(place.db, all, { deletedRows: "always" }));
    expect(both.map(({ rows, deleted }) => [rows, deleted])).toEqual([
      [100, 20],
      [3, 0],
    ]);
  });

  test("has a manifest as the published schema says", async () => {
    const schema = (await Bun.file(join(import.meta.dir, "../../schemas/manifest.json")).json()) as object;
    const validate = new Ajv({
      allErrors: true,
      allowUnionTypes: true,
      formats: { "date-time": isCanonicalTime },
    }).compile(schema);
    for (const more of [
      {},
      { format: ndjson, partitionBy: "month" as const, since: 1 },
      { compression: "zstd" as const },
    ]) {
      const out = newFolder();
      await exported(optionsOf(place.db, out, more));
      validate(manifestOf(out));
      expect(validate.errors).toBeNull();
    }
  });
});

describe("a folder", () => {
  test("that is not there is made, with those above it, and goes again when the export fails", async () => {
    const out = join(newFolder(), "a/b");
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(exported(optionsOf(place.db, out), { signal: controller.signal })).rejects.toThrow("enough");
    await exported(optionsOf(place.db, out));
    expect(faultsOf(out)).toEqual([]);
  });

  test("that is not empty is refused, and left as it is", async () => {
    const out = newFolder();
    mkdirSync(out);
    writeFileSync(join(out, "thesis.txt"), "mine");
    await expect(exported(optionsOf(place.db, out))).rejects.toThrow("the folder is not empty");
    expect(paths(out)).toEqual(["thesis.txt"]);
  });

  test("that holds an export is refused, and with overwrite only the export is replaced", async () => {
    const out = newFolder();
    await exported(optionsOf(place.db, out, { format: ndjson, rowGroupRows: 20 }));
    await expect(exported(optionsOf(place.db, out))).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("--overwrite"),
    });
    writeFileSync(join(out, "customers/mine.txt"), "mine");
    await exported(optionsOf(place.db, out, { overwrite: true }));
    expect(paths(out)).toEqual(["_manifest.json", "customers.csv", "customers/mine.txt", "tags.csv"]);
    expect(readdirSync(out)).not.toContain("tags");
    expect(manifestOf(out)).toMatchObject({ format: "csv", sequence: 2 });
  });

  test("with somebody's file in the way is refused even with overwrite", async () => {
    for (const theirs of ["customers.csv", "_manifest.json"]) {
      const out = newFolder();
      mkdirSync(out);
      writeFileSync(join(out, theirs), "{}");
      await expect(exported(optionsOf(place.db, out, { overwrite: true }))).rejects.toMatchObject({
        exitCode: 2,
      });
      expect(paths(out)).toEqual([theirs]);
    }
    const out = newFolder();
    mkdirSync(join(out, "customers"), { recursive: true });
    writeFileSync(join(out, "customers/mine.ndjson"), "{}");
    const options = optionsOf(place.db, out, { overwrite: true, format: ndjson });
    await expect(exported(options)).rejects.toThrow("customers/mine.ndjson is in the way");
  });

  test("where a manifest names files elsewhere, none of these is touched", async () => {
    const out = newFolder();
    await exported(optionsOf(place.db, out));
    const victim = join(place.path, "victim.txt");
    writeFileSync(victim, "mine");
    for (const path of ["../victim.txt", victim, "a/../../victim.txt", "..\\victim.txt"]) {
      const manifest = manifestOf(out) as unknown as { streams: { files: { path: string }[] }[] };
      manifest.streams[0]!.files[0]!.path = path;
      writeFileSync(join(out, "_manifest.json"), JSON.stringify(manifest));
      await expect(exported(optionsOf(place.db, out, { overwrite: true }))).rejects.toThrow(
        "no manifest of an export",
      );
      expect(await Bun.file(victim).text()).toBe("mine");
    }
  });

  test("that an earlier version of this program exported to is known again, by the name its manifest had", async () => {
    const early = async () => {
      const out = newFolder();
      await exported(optionsOf(place.db, out, { format: ndjson, rowGroupRows: 40 }));
      renameSync(join(out, "_manifest.json"), join(out, "manifest.json"));
      return out;
    };
    const replaced = await early();
    await expect(exported(optionsOf(place.db, replaced))).rejects.toThrow("the folder is not empty");
    await exported(optionsOf(place.db, replaced, { overwrite: true }));
    expect(paths(replaced)).toEqual(["_manifest.json", "customers.csv", "tags.csv"]);
    const followed = await early();
    const { out, streams } = await exported(
      optionsOf(place.db, followed, { since: "last", format: ndjson, rowGroupRows: 40 }),
    );
    expect([dirname(out), streams.map(({ rows }) => rows)]).toEqual([followed, [0, 0]]);
  });

  test("with somebody's manifest.json, a name that many programs use, keeps it", async () => {
    const out = newFolder();
    mkdirSync(out);
    writeFileSync(join(out, "manifest.json"), '{"name": "a web app"}');
    for (const overwrite of [true, true]) await exported(optionsOf(place.db, out, { overwrite }));
    expect(paths(out)).toEqual(["_manifest.json", "customers.csv", "manifest.json", "tags.csv"]);
  });
});
