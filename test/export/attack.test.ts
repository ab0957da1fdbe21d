/**
 * Law 10: whatever lies in the folder of an export, planted there or changed, an export removes and replaces nothing
 * but files of an export of ours, and one that is refused changes nothing at all.
 */
import { afterAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { exportToFolder, type FolderOptions } from "../../src/export/export.ts";
import { FORMATS } from "../../src/export/formats.ts";
import { folder } from "../store/fixture.ts";
import { exported, faultsOf, HOOKS, makeFile, manifestOf, optionsOf, sha256Of } from "./fixture.ts";
import { beforeOperation } from "./mortal-disk.ts";

const place = folder();
afterAll(place.remove);
makeFile(place.db, 30);
const MANIFEST = "_manifest.json";
let count = 0;

/** A folder to export to, and one beside it that is nobody's business. */
function begin() {
  const at = join(place.path, `case ${++count}`);
  const [out, outside] = [join(at, "out"), join(at, "outside")];
  for (const path of [out, outside]) mkdirSync(path, { recursive: true });
  return { at, out, outside };
}

function put(path: string, content: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Everything below a folder with what it holds, links not followed. */
function everything(at: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(at, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const stats = lstatSync(path);
    const is = stats.isSymbolicLink()
      ? `link to ${readlinkSync(path)}`
      : stats.isDirectory()
        ? "folder"
        : `file ${readFileSync(path, "utf8")}`;
    found.set(path.slice(at.length + 1), is);
  }
  return found;
}

const WAYS: readonly Partial<FolderOptions>[] = [
  {},
  { overwrite: true },
  { since: "last" },
  { overwrite: true, format: FORMATS.ndjson },
  { overwrite: true, partitionBy: "month" },
];

/** Exports in every way that there is; `mine` is to be there afterwards, as it was. */
async function survives(prepare: (at: ReturnType<typeof begin>) => readonly string[]): Promise<void> {
  for (const way of WAYS) {
    const at = begin();
    const mine = prepare(at);
    const before = everything(at.at);
    const refused = await exported(optionsOf(place.db, at.out, way)).then(
      () => null,
      (error: unknown) => error,
    );
    const after = everything(at.at);
    const name = JSON.stringify(way);
    for (const path of mine) expect([name, path, after.get(path)]).toEqual([name, path, before.get(path)]);
    if (refused === null) continue;
    expect([name, refused]).toEqual([name, expect.objectContaining({ exitCode: 2 })]);
    expect([name, after]).toEqual([name, before]);
  }
}

describe("a planted plan", () => {
  const plans: Record<string, string> = {
    "a file of the user": "docs/thesis.txt",
    "a file through a linked folder": "linked/thesis.txt",
    "an absolute path": join(place.path, "absolute.txt"),
    "a path out of the folder": "../outside/thesis.txt",
    "a file with a name of ours": "customers.csv",
    "a link with a name of ours": "tags.csv",
    "a file with a name of ours in a linked folder": "customers/00001.ndjson",
  };
  const MINE = ["out/docs/thesis.txt", "outside/thesis.txt", "out/customers.csv", "outside/00001.ndjson"];

  function prepare({ out, outside }: ReturnType<typeof begin>): string[] {
    put(join(out, "docs/thesis.txt"), "mine");
    put(join(outside, "thesis.txt"), "mine");
    put(join(outside, "00001.ndjson"), "mine");
    put(join(out, "customers.csv"), "mine");
    put(join(place.path, "absolute.txt"), "mine");
    symlinkSync(outside, join(out, "linked"));
    symlinkSync(outside, join(out, "customers"));
    symlinkSync(join(outside, "thesis.txt"), join(out, "tags.csv"));
    return [...MINE, "out/linked", "out/customers", "out/tags.csv"];
  }

  const each = Object.entries(plans).flatMap(([name, path]) =>
    // As a folder of an earlier version of this program is called, and as one is now.
    ["999999", "99999999"].map((digits) => [name, path, digits] as const),
  );
  for (const [name, path, digits] of each) {
    test(`that removes ${name} is not carried out, ${digits}`, async () => {
      await survives((at) => {
        const mine = prepare(at);
        const work = join(at.out, `.kustomer-sync-export-${digits}`);
        put(join(work, "moves.json"), JSON.stringify({ remove: [path], add: ["manifest.json"] }));
        put(join(work, "manifest.json"), "{}");
        return mine;
      });
      expect(readFileSync(join(place.path, "absolute.txt"), "utf8")).toBe("mine");
    });

    test(`that replaces ${name} is not carried out, ${digits}`, async () => {
      await survives((at) => {
        const mine = prepare(at);
        const work = join(at.out, `.kustomer-sync-export-${digits}`);
        put(join(work, "moves.json"), JSON.stringify({ remove: [], add: [path, "manifest.json"] }));
        put(join(work, "manifest.json"), "{}");
        if (!path.startsWith("/")) put(join(work, path), "theirs");
        return mine;
      });
      expect(readFileSync(join(place.path, "absolute.txt"), "utf8")).toBe("mine");
    });
  }
});

describe("a folder that looks like one of ours, left by an export that was killed,", () => {
  const WORK = ".kustomer-sync-export-99999999";

  test("that is a link is not followed", async () => {
    await survives(({ out, outside }) => {
      put(join(outside, "new/_manifest.json"), "{}");
      put(join(outside, "new/customers.csv"), "mine");
      symlinkSync(outside, join(out, WORK));
      return ["outside/new/_manifest.json", "outside/new/customers.csv", `out/${WORK}`];
    });
  });

  test("with a file in it that is none of ours stays", async () => {
    for (const path of ["new/thesis.txt", "thesis.txt", "new/customers/thesis.csv", "old/.bashrc"]) {
      await survives(({ out }) => {
        put(join(out, WORK, path), "mine");
        put(join(out, WORK, "new/customers.csv"), "half");
        return [`out/${WORK}/${path}`];
      });
    }
  });

  test("with a link in it stays, and is not followed", async () => {
    for (const name of ["new", "old", "new/customers", "new/customers.csv"]) {
      await survives(({ out, outside }) => {
        put(join(outside, "customers.csv"), "mine");
        put(join(outside, "00001.ndjson"), "mine");
        mkdirSync(join(out, WORK, dirname(name)), { recursive: true });
        const to = name.endsWith(".csv") ? join(outside, "customers.csv") : outside;
        symlinkSync(to, join(out, WORK, name));
        return ["outside/customers.csv", "outside/00001.ndjson", `out/${WORK}/${name}`];
      });
    }
  });

  test("is not put over files of the user, nor does it claim those that it names", async () => {
    await survives(({ at, out }) => {
      const whole = join(at, "whole");
      mkdirSync(whole);
      const files = ["customers.csv", "tags.csv"];
      const manifest = {
        format_version: 1,
        program: { name: "kustomer-sync" },
        sequence: 1,
        format: "csv",
        database: { file: null },
        streams: files.map((path) => ({
          stream: path.slice(0, -4),
          written_to: null,
          files: [{ path, bytes: 6, sha256: sha256Of(Buffer.from("theirs")) }],
        })),
      };
      put(join(out, WORK, "new", MANIFEST), JSON.stringify(manifest));
      put(join(out, WORK, "new/tags.csv"), "theirs");
      put(join(out, WORK, "old/tags.csv"), "theirs");
      put(join(out, WORK, "old", MANIFEST), JSON.stringify(manifest));
      for (const name of ["customers.csv", "tags.csv", "thesis.txt"]) put(join(out, name), "mine");
      return ["out/customers.csv", "out/tags.csv", "out/thesis.txt"];
    });
  });

  test("without anything of its own in the folder goes", async () => {
    const { out } = begin();
    put(join(out, WORK, "new/customers.csv"), "half");
    mkdirSync(join(out, WORK, "new/tags"));
    await exported(optionsOf(place.db, out));
    expect(faultsOf(out)).toEqual([]);
  });
});

describe("a forged manifest", () => {
  /** Adds files to the manifest of an export. */
  function forge(out: string, ...files: { path: string; bytes?: number; sha256?: string }[]): void {
    const manifest = manifestOf(out) as unknown as { streams: { files: object[] }[] };
    manifest.streams[0]!.files.push(...files.map((file) => ({ bytes: 4, sha256: MINE, ...file })));
    writeFileSync(join(out, MANIFEST), JSON.stringify(manifest));
  }
  const MINE = sha256Of(Buffer.from("mine"));

  const whole = join(place.path, "whole");
  const prepared = exported(optionsOf(place.db, whole));

  async function forged(path: string, more: object = {}) {
    await prepared;
    await survives(({ out, outside }) => {
      cpSync(whole, out, { recursive: true });
      for (const name of [".bashrc", "docs/thesis.txt", "notes.md", "thesis.csv", "customers/thesis.csv"])
        put(join(out, name), "mine");
      put(join(outside, "00001.csv"), "mine");
      put(join(outside, "thesis.txt"), "mine");
      put(join(place.path, "absolute.txt"), "mine");
      symlinkSync(outside, join(out, "teams"));
      symlinkSync(join(outside, "thesis.txt"), join(out, "teams.csv"));
      forge(out, { path, ...more });
      return [
        ...["out/.bashrc", "out/docs/thesis.txt", "out/notes.md", "out/thesis.csv", "out/teams"],
        ...["out/teams.csv", "outside/00001.csv", "outside/thesis.txt", "out/customers/thesis.csv"],
      ];
    });
    expect(readFileSync(join(place.path, "absolute.txt"), "utf8")).toBe("mine");
  }

  test.each([
    ".bashrc",
    "docs/thesis.txt",
    "notes.md",
    "thesis.csv",
    "customers/thesis.csv",
    "teams/00001.csv",
    "teams/thesis.txt",
    "teams.csv",
    "../outside/thesis.txt",
    "docs/../docs/thesis.txt",
    "./notes.md",
    join(place.path, "absolute.txt"),
    "docs\\thesis.txt",
    "C:thesis.txt",
    "",
  ])("that lists %j, with its right sum, does not make it ours", (path) => forged(path));

  test("that gives a file of the user another sum does not make it ours, though its name is one of ours", async () => {
    await prepared;
    await survives(({ out }) => {
      cpSync(whole, out, { recursive: true });
      put(join(out, "notes.csv"), "mine");
      forge(out, { path: "notes.csv", sha256: sha256Of(Buffer.from("theirs")) });
      return ["out/notes.csv"];
    });
  });

  test("that is a link is not ours, nor is what it lists", async () => {
    await prepared;
    await survives(({ out, outside }) => {
      cpSync(whole, out, { recursive: true });
      renameSync(join(out, MANIFEST), join(outside, MANIFEST));
      symlinkSync(join(outside, MANIFEST), join(out, MANIFEST));
      return ["out/customers.csv", "out/tags.csv", `outside/${MANIFEST}`, `out/${MANIFEST}`];
    });
  });

  test("in a linked folder of a series is not ours, nor is what it lists", async () => {
    await prepared;
    await survives(({ out, outside }) => {
      cpSync(whole, out, { recursive: true });
      cpSync(whole, outside, { recursive: true });
      symlinkSync(outside, join(out, "20261123T061617.123Z"));
      return ["outside/customers.csv", "outside/tags.csv", `outside/${MANIFEST}`, "out/20261123T061617.123Z"];
    });
  });
});

describe("a file of an export that somebody changed since", () => {
  test("is in the way of one of its name, and the export stays as it is", async () => {
    const { out } = begin();
    await exported(optionsOf(place.db, out));
    writeFileSync(join(out, "customers.csv"), "mine now");
    const before = everything(out);
    const again = exported(optionsOf(place.db, out, { overwrite: true }));
    await expect(again).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("customers.csv"),
    });
    expect(everything(out)).toEqual(before);
  });

  test("is left by one that does not need its name, which says so", async () => {
    const { out } = begin();
    await exported(optionsOf(place.db, out));
    writeFileSync(join(out, "customers.csv"), "mine now");
    const { notes } = await exported(optionsOf(place.db, out, { overwrite: true, format: FORMATS.parquet }));
    expect(readFileSync(join(out, "customers.csv"), "utf8")).toBe("mine now");
    expect(existsSync(join(out, "tags.csv"))).toBe(false);
    expect(notes).toEqual([expect.stringContaining("customers.csv")]);
  });
});

test("folders swapped for links to another export, before any operation, do not bring an export to touch that", async () => {
  const partitioned: Partial<FolderOptions> = { partitionBy: "month", overwrite: true };
  const whole = join(place.path, "partitioned");
  await exported(optionsOf(place.db, whole, partitioned));
  const folders = ["customers", "customers/created_month=2026-01", "tags"];
  for (const way of [partitioned, { overwrite: true }]) {
    const counting = begin();
    cpSync(whole, counting.out, { recursive: true });
    let operations = 0;
    const counted = beforeOperation((nth) => {
      operations = nth;
    });
    await exportToFolder(optionsOf(place.db, counting.out, way), HOOKS, counted);
    for (let nth = 1; nth <= operations; nth += 1) {
      const { out, outside } = begin();
      cpSync(whole, out, { recursive: true });
      cpSync(whole, outside, { recursive: true });
      const before = everything(outside);
      const disk = beforeOperation((now) => {
        const swapped = folders[nth % folders.length]!;
        if (now !== nth || !existsSync(join(out, swapped))) return;
        rmSync(join(out, swapped), { recursive: true });
        symlinkSync(join(outside, swapped), join(out, swapped));
      });
      await exportToFolder(optionsOf(place.db, out, way), HOOKS, disk).catch(() => {});
      expect([nth, everything(outside)]).toEqual([nth, before]);
    }
  }
}, 300_000);
