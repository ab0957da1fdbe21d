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
