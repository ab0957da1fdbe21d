/** `sandbox --as`, as it is typed. */
import { afterAll, expect, test } from "bun:test";
import { READING_NAMES } from "../../src/sandbox/readings.ts";
import { run, startSandboxProcess, temporaryFolder } from "./program.ts";
import { FAST } from "./relay.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { path: cwd } = folder;

test("--as list tells every reading and what it means, as a table and as JSON", async () => {
  const { code, stdout } = await run(["sandbox", "--as", "list"], { cwd });
  expect([code, [...(stdout.match(/^\S+/gm) ?? [])]]).toEqual([0, [...READING_NAMES]]);
  const json = await run(["sandbox", "--as", "list", "--json"], { cwd });
  expect(Object.keys(JSON.parse(json.stdout) as object)).toEqual([...READING_NAMES]);
});

test("a reading that is none is refused, with the one that was meant", async () => {
  const { code, stderr } = await run(["sandbox", "--as", "archive-40"], { cwd });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/did you mean archive-40\d\?/)]);
});

test("readings with commas between them are followed together", async () => {
  const sandbox = await startSandboxProcess(cwd, ["--rows", "600", "--as", "archive-403,sort-never"]);
  try {
    const { code, stdout } = await run(["sync", ...FAST], { cwd, env: sandbox.env });
    expect([code, stdout]).toEqual([6, expect.stringMatching(/^conversations +(failed|partial|skipped)/m)]);
  } finally {
    await sandbox.stop();
  }
}, 30_000);
