/** Imports run one way, and each outside library has its one door. */
import { expect, test } from "bun:test";
import { Glob } from "bun";

const SRC = `${import.meta.dir}/../src/`;

const MAY_IMPORT: Record<string, readonly string[]> = {
  lib: [],
  streams: ["lib"],
  destination: ["lib", "streams"],
  kustomer: ["lib"],
  store: ["lib", "streams", "destination"],
  sandbox: ["lib", "streams"],
  sync: ["lib", "streams", "destination", "kustomer"],
  export: ["lib", "streams", "destination", "store"],
  cli: ["lib", "streams", "destination", "kustomer", "store", "sandbox", "sync", "export"],
};

/** Libraries that only one folder may import. */
const DOORS: Record<string, string> = {
  ofetch: "kustomer",
  "bun:sqlite": "store",
  citty: "cli",
  consola: "lib",
};

type Import = { file: string; folder: string; target: string };

function importsOf(file: string, text: string): Import[] {
  const folder = file.includes("/") ? file.split("/")[0]! : "main";
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
  return [...found].map((match) => ({ file, folder, target: match[1]! }));
}

const files = [...new Glob("**/*.ts").scanSync(SRC)].sort();
const imports = (
  await Promise.all(files.map(async (file) => importsOf(file, await Bun.file(SRC + file).text())))
).flat();

test("there is something to look at", () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(200);
});

test("imports run one way", () => {
  const wrong = imports.filter(({ file, folder, target }) => {
    if (!target.startsWith(".") || folder === "main") return false;
    const to = new URL(target, `file:///${file}`).pathname.slice(1).split("/")[0]!;
    return to !== folder && !MAY_IMPORT[folder]?.includes(to);
  });
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("each outside library has one door", () => {
  const wrong = imports.filter(
    ({ folder, target }) => DOORS[target] !== undefined && DOORS[target] !== folder,
  );
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("pragmas of SQLite stand in one file", async () => {
  const texts = await Promise.all(files.map((file) => Bun.file(SRC + file).text()));
  expect(files.filter((_, index) => /["`]PRAGMA /.test(texts[index]!))).toEqual(["store/pragmas.ts"]);
});

test("only main.ts ends the process, and no file is long enough to hide a second one", async () => {
  for (const file of files) {
    const text = await Bun.file(SRC + file).text();
    if (file !== "main.ts") expect([file, /process\.exit\(/.test(text)]).toEqual([file, false]);
    expect([file, text.split("\n").length <= 320]).toEqual([file, true]);
  }
});
