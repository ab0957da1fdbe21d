/**
 * A process that is killed while it makes, opens or closes the file leaves nothing, an empty file or one of ours:
 * whoever comes next goes on with it, and nobody ever takes it for a stranger's.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { cpus } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/lib/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { temporaryFolder } from "../e2e/program.ts";
import { compareDumps, dump, each, runChild, runWhole, startStillSandbox } from "./scenario.ts";

/** Without it most files are only opened, not synced to the end. */
const EVERY = process.env.CRASH_SEEDS;
const LANES = cpus().length + 1;
const folder = temporaryFolder();
afterAll(folder.remove);

const sandbox = await startStillSandbox({ rows: 40, seed: 4 });
afterAll(() => sandbox.stop());
const taskOf = (name: string) => ({
  url: sandbox.url,
  db: join(folder.path, `${name}.db`),
  concurrency: 8,
  pageSize: 20,
});

const whole = taskOf("whole");
const first = await runWhole(whole);
const lines = dump(whole.db);
const second = await runWhole(whole);

describe("a kill before each statement that makes, changes or closes the file", () => {
  for (const { run, statements, prepare } of [
    { run: "first", statements: first.statements, prepare: false },
    { run: "second", statements: second.statements, prepare: true },
  ]) {
    test(`of a ${run} run loses nothing, and the file is ours or not there`, async () => {
      expect(statements).toBeGreaterThan(20);
      const wrong: Record<number, unknown> = {};
      await each(
        Array.from({ length: statements }, (_, i) => i + 1),
        LANES,
        async (nth) => {
          const task = taskOf(`${run}-${nth}`);
          if (prepare) await Bun.write(task.db, Bun.file(whole.db));
          const died = await runChild({ ...task, kill: { place: "statement", nth } });
          if (died.signal !== "SIGKILL") throw new Error(`it ended ${died.code}: ${died.stderr}`);
          const left = look(task.db);
          if (left !== "ours" && (prepare || left !== "store-missing")) wrong[nth] = left;
          if (EVERY === undefined && nth % 4 !== 0 && nth < statements - 5) return;
          await runWhole(task);
          const found = compareDumps(dump(task.db), lines);
          if (found.length > 0) wrong[nth] = found;
        },
      );
      expect(wrong).toEqual({});
    }, 600_000);
  }
});

/** What a command that only reads makes of a file. */
function look(path: string): string {
  try {
    const store = openStore(path, { mode: "read" });
    store.status();
    store.close();
    return "ours";
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
