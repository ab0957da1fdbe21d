/**
 * An export that is killed before any of its operations on the disk: nothing with a final name is ever incomplete,
 * what looks finished is finished, and the next export cleans up and succeeds.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { exportToFolder } from "../../src/export/export.ts";
import { folder, put, resource } from "../store/fixture.ts";
import {
  changeFile,
  exported,
  faultsOf,
  filesIn,
  HOOKS,
  later,
  makeFile,
  optionsOf,
  sha256Of,
} from "./fixture.ts";
import { failingDisk, mortalDisk } from "./mortal-disk.ts";
import { WAYS } from "./ways.ts";

const place = folder();
afterAll(place.remove);
let count = 0;
const newFolder = () => join(place.path, `out ${++count}`);

makeFile(place.db, 100);
/** An export that stands where the next one goes, of the file as it was before. */
const before = newFolder();
await exported(optionsOf(place.db, before));
changeFile(place.db, (store) => {
  put(store, "customers", [resource("customer 0", { name: "changed" }), resource("new")], later(1));
});

type Start = "an empty folder" | "over another export";

function prepare(start: Start): string {
  const out = newFolder();
  if (start === "over another export") cpSync(before, out, { recursive: true });
  else mkdirSync(out);
  return out;
}

/** What a reader sees: everything but our temporary folders. */
function visible(out: string): Map<string, Buffer> {
  return new Map([...filesIn(out)].filter(([path]) => !path.startsWith(".kustomer-sync-export-")));
}

/** Checks a folder in which an export was killed, then exports into it again. */
async function check(out: string, way: string, whole: ReadonlySet<string>): Promise<void> {
  const seen = visible(out);
  for (const [path, content] of seen) {
    if (!path.endsWith("_manifest.json")) expect([path, whole.has(sha256Of(content))]).toEqual([path, true]);
  }
  for (const path of [...seen.keys()].filter((path) => path.endsWith("_manifest.json"))) {
    const listed = faultsOf(join(out, path, "..")).filter((fault) => !fault.endsWith("is of no export"));
    expect(listed).toEqual([]);
  }
  await exported(WAYS[way]!(place.db, out));
  expect([...filesIn(out).keys()].filter((path) => path.startsWith("."))).toEqual([]);
  if (way !== "what changed") {
    expect(faultsOf(out)).toEqual([]);
    return;
  }
  // Whatever the one that was killed had begun, what changed is in an export that is finished.
  const texts = [...filesIn(out).values()].join("");
  expect([texts.includes("changed"), texts.includes("\r\nnew,customer")]).toEqual([true, true]);
}

const cases = Object.keys(WAYS).flatMap((way) =>
  (["an empty folder", "over another export"] as const).map((start) => ({ way, start })),
);

describe.each(cases)("$way, in $start", ({ way, start }) => {
  /** The sums of every file that is whole, before and after. */
  const whole = new Set<string>();
  let operations: string[] = [];
  let out: string;
  let into: string;

  beforeAll(async () => {
    out = prepare(start);
    for (const content of visible(out).values()) whole.add(sha256Of(content));
    const { disk, operations: told } = mortalDisk(null, () => {
      throw new Error("unreachable");
    });
    into = (await exportToFolder(WAYS[way]!(place.db, out), HOOKS, disk)).out;
    operations = told();
    for (const content of visible(out).values()) whole.add(sha256Of(content));
  });

  test("undisturbed, it is all there", () => {
    if (into === out) expect(faultsOf(out)).toEqual([]);
    else expect([faultsOf(into), existsSync(join(out, "_manifest.json"))]).toEqual([[], true]);
    expect(operations.length).toBeGreaterThan(8);
  });

  test("killed before each operation in turn, and in the middle of each write", async () => {
    for (let nth = 1; nth <= operations.length; nth += 1) {
      const out = prepare(start);
      const { disk } = mortalDisk(nth, () => {
        throw new Error(`killed before ${operations[nth - 1]} ${nth}`);
      });
      await expect(exportToFolder(WAYS[way]!(place.db, out), HOOKS, disk)).rejects.toThrow("killed before");
      await check(out, way, whole);
    }
  }, 300_000);

  test("an error at each of them, of a disk that works again afterwards, loses nothing either", async () => {
    for (let nth = 1; nth <= operations.length; nth += 1) {
      const out = prepare(start);
      const failed = await exportToFolder(WAYS[way]!(place.db, out), HOOKS, failingDisk(nth)).then(
        () => "",
        (error: { message: string }) => error.message,
      );
      // What is only tidied up may fail without harm.
      expect(failed).toMatch(/^$|EIO/);
      await check(out, way, whole);
    }
  }, 300_000);

  test("killed by SIGKILL at some of them", async () => {
    const places = [2, operations.length >> 1, operations.length - 4, operations.length - 1];
    for (const nth of places) {
      const out = prepare(start);
      const child = Bun.spawn(
        [process.execPath, join(import.meta.dir, "child.ts"), place.db, out, String(nth), way],
        { stdout: "ignore", stderr: "pipe" },
      );
      await child.exited;
      expect([child.signalCode, await new Response(child.stderr).text()]).toEqual(["SIGKILL", ""]);
      await check(out, way, whole);
    }
  }, 60_000);
});

test("a first export, killed anywhere, is as if it had not been: the same command again makes it", async () => {
  const options = (out: string) => optionsOf(place.db, out, { partitionBy: "month", overwrite: false });
  const counted = mortalDisk(null, () => {
    throw new Error("unreachable");
  });
  await exportToFolder(options(newFolder()), HOOKS, counted.disk);
  const operations = counted.operations();
  const isWhole = (out: string) => existsSync(join(out, "_manifest.json"));
  for (let nth = 1; nth <= operations.length; nth += 1) {
    const out = newFolder();
    const { disk } = mortalDisk(nth, () => {
      throw new Error("killed");
    });
    await expect(exportToFolder(options(out), HOOKS, disk)).rejects.toThrow("killed");
    if (isWhole(out)) await expect(exported(options(out))).rejects.toThrow("the folder is not empty");
    else await exported(options(out));
    expect([nth, faultsOf(out).filter((fault) => !fault.startsWith("."))]).toEqual([nth, []]);
  }
}, 300_000);
