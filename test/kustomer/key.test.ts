import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeySource, readApiKey } from "../../src/kustomer/key.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refusal(source: KeySource): Promise<AppError> {
  const error = await readApiKey(source).catch((thrown) => thrown);
  if (!(error instanceof AppError)) throw error;
  expect(error.code).toBe("usage");
  return error;
}

test("comes from the file, trimmed, and the file wins over the environment", async () => {
  expect(await readApiKey({ file: file("key", "\uFEFF abc.def \r\n\n"), env: "other" })).toBe("abc.def");
  expect(await readApiKey({ env: " abc\n" })).toBe("abc");
});

test.each(["abc=", "YWJjZGVm==", "eyJhbGciOiJIUzI1NiJ9.eyJrIjoxfQ.a-b_c", "API_KEY=", "k'1"])(
  "may be %p",
  async (key) => {
    expect(await readApiKey({ env: key })).toBe(key);
  },
);

/** What a process says that reads the key from what `command` pipes into it. */
async function readPiped(command: string, path: string): Promise<string> {
  const module = JSON.stringify(new URL("../../src/kustomer/key.ts", import.meta.url).pathname);
  const script = `import { readApiKey } from ${module};
    console.log(await readApiKey({ file: ${JSON.stringify(path)} }).catch((error) => error.message));`;
  const child = Bun.spawn(["sh", "-c", `${command} | "$0" -e "$1"`, process.execPath, script]);
  return child.stdout.text();
}

test.each(["-", "/dev/stdin"])("comes from a pipe named %s", async (path) => {
  expect(await readPiped("echo piped-key", path)).toBe("piped-key\n");
  expect(await readPiped("head -c 200000 /dev/zero", path)).toMatch(/larger than 65536 bytes/);
});

describe("is missed", () => {
  test("when there is none, naming both ways to give one", async () => {
    for (const source of [{}, { env: "" }, { env: "  \n" }, { file: "", env: undefined }]) {
      const error = await refusal(source);
      expect(error.hint).toContain("KUSTOMER_API_KEY");
      expect(error.hint).toContain("--api-key-file");
    }
  });

  test.each<[string, () => string, RegExp]>([
    ["no file", () => join(folder, "none"), /no such file/],
    ["a folder", () => folder, /folder/],
    ["an empty file", () => file("empty", ""), /empty/],
    ["only spaces", () => file("spaces", " \n\t\n"), /empty/],
    ["two lines", () => file("two", "SECRET-1\nSECRET-2\n"), /more than one line/],
    ["a big file", () => file("big", "SECRET".repeat(20_000)), /not a key/],
    ["an endless one", () => "/dev/zero", /not a key/],
  ])("%s", async (_name, path, message) => {
    const error = await refusal({ file: path() });
    expect(error.message).toMatch(message);
    expect(error.at).toContain(path());
    expect(renderError(error)).not.toContain("SECRET");
  });

  test.each<[string, RegExp]>([
    ["KUSTOMER_API_KEY=SECRET", /NAME=KEY/],
    ["export KUSTOMER_API_KEY='SECRET'\n", /NAME=KEY/],
    ["# mine\nKUSTOMER_ORG=acme\nexport KUSTOMER_API_KEY = SECRET\n", /NAME=KEY/],
    ["set KUSTOMER_API_KEY=SECRET\r\n", /NAME=KEY/],
    ['$env:KUSTOMER_API_KEY = "SECRET"', /NAME=KEY/],
    ["API_TOKEN=SECRET", /NAME=KEY/],
    ['"SECRET"', /quotation marks/],
    ["'SECRET'", /quotation marks/],
    ["SECRET\u201d", /quotation marks/],
    ["`SECRET", /quotation marks/],
  ])("%p, from a file or the environment", async (text, message) => {
    const path = file("odd", text);
    for (const [source, at] of [
      [{ file: path }, path],
      [{ env: text }, "KUSTOMER_API_KEY"],
    ] as const) {
      const error = await refusal(source);
      expect(error.message).toMatch(message);
      expect(error.at).toContain(at);
      expect(renderError(error)).not.toContain("SECRET");
    }
  });

  test("a key in the place of the file's name, without being shown", async () => {
    for (const key of ["eyJhbGciOiJIUzI1NiJ9.SECRET.signature", `SECRET${"7".repeat(500)}`]) {
      const error = await refusal({ file: key });
      expect(error.message).toContain("no such file");
      expect(error.hint).toContain("not the key itself");
      expect(renderError(error)).not.toContain("SECRET");
    }
    for (const path of ["kustomer-of-acme-2026.key", "keys/of-acme-and-others-2026", "kustomer-api-key"]) {
      expect((await refusal({ file: path })).at).toBe(`--api-key-file ${path}`);
    }
  });

  test("a file that may not be read", async () => {
    const path = file("locked", "SECRET");
    chmodSync(path, 0);
    // Root may read anything, and then there is nothing to refuse.
    if (process.getuid?.() === 0) expect(await readApiKey({ file: path })).toBe("SECRET");
    else expect((await refusal({ file: path })).message).toMatch(/may not be read/);
  });

  test("more than one line in the environment", async () => {
    const error = await refusal({ env: "SECRET\nSECRET" });
    expect(renderError(error)).not.toContain("SECRET");
    expect(error.at).toBe("KUSTOMER_API_KEY");
  });
});
