/** A file that was read from a start date on says from when, wherever it is called complete, until all was read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { differences, run, type SandboxProcess, startSandboxProcess, temporaryFolder } from "./program.ts";

const FREE = ["--rpm", "1000000", "--search-rpm", "1000000"];
const FAST = ["--search-rpm", "1000000", "--rate-share", "1"];
const DAY = 86_400_000;
const folder = temporaryFolder();
const { path: cwd } = folder;
const START = new Date(Date.now() - 60 * DAY).toISOString().slice(0, 10);
const FROM = `${START}T00:00:00.000Z`;
const isSearched = (stream: string) => /^(conversations|customers|kobjects|messages|notes)$/.test(stream);

type Told = { stream: string; complete: boolean; start: string | null };

let sandbox: SandboxProcess;
beforeAll(async () => {
  sandbox = await startSandboxProcess(cwd, ["--rows", "2000", ...FREE]);
  expect((await sync("--start-date", START)).code).toBe(0);
});
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const does = (...args: string[]) => run(args, { cwd, env: sandbox.env });
const sync = (...args: string[]) => does("sync", ...FAST, ...args);
const starts = (streams: readonly Told[]) =>
  new Set(streams.map(({ stream, complete, start }) => `${isSearched(stream)} ${complete} ${start}`));
const fromThen = new Set([`true true ${FROM}`, "false true null"]);

describe("of a file that was read from a start date on", () => {
  test("status says from when, as a table and as JSON", async () => {
    const { stdout } = await does("status");
    for (const line of stdout.trimEnd().split("\n").slice(1))
      expect(line).toMatch(isSearched(line.split(" ")[0]!) ? ` since ${START}` : / yes( |$)/);
    const { streams } = JSON.parse((await does("status", "--json")).stdout) as { streams: Told[] };
    expect(starts(streams)).toEqual(fromThen);
  });

  test("a snapshot says so", async () => {
    const table = await does("snapshot", "table.db");
    expect(table.stdout).toMatch(new RegExp(`^messages .* since ${START}`, "m"));
    const { streams } = JSON.parse((await does("snapshot", "json.db", "--json")).stdout) as {
      streams: Told[];
    };
    expect(starts(streams)).toEqual(fromThen);
  });

  test("the manifest of an export says so", async () => {
    expect((await does("export", "--out", "out")).code).toBe(0);
    const text = readFileSync(join(cwd, "out", "_manifest.json"), "utf8");
    expect(starts((JSON.parse(text) as { streams: Told[] }).streams)).toEqual(fromThen);
  });

  test("verify says what it compared", async () => {
    const { code, stdout, stderr } = await does("verify", "--json", ...FAST);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`compared is what changed since ${START} `)]);
    const { streams } = JSON.parse(stdout) as { streams: { stream: string; start: string | null }[] };
    for (const { stream, start } of streams)
      expect([stream, start]).toEqual([stream, isSearched(stream) ? FROM : null]);
  });
});

test("a sync from the same date on says nothing of it; one without says that it reads on, and then all is there", async () => {
  const db = ["--db", "whole.db"];
  for (let run = 0; run < 2; run += 1) {
    expect((await sync("--start-date", START, ...db)).stderr).not.toContain("older");
  }
  const whole = await sync(...db);
  expect(whole.stderr).toContain(
    `notes: read since ${START} 00:00:00Z until now; older changes are read, too`,
  );
  expect(await differences(join(cwd, "whole.db"), sandbox)).toEqual({});
  expect((await sync(...db)).stderr).not.toContain("older");
  const { streams } = JSON.parse((await does("status", "--json", ...db)).stdout) as { streams: Told[] };
  expect(starts(streams)).toEqual(new Set(["true true null", "false true null"]));
  expect((await does("status", ...db)).stdout).not.toContain("since 2");
});
