/**
 * Power that is lost at any moment: whatever of the unsynced part of the -wal is on the disk, the file opens, is sound, and
 * after one sync it equals the account. POWER_MOMENTS=200 tries more moments.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../scripts/random.ts";
import { runHere } from "../e2e/in-process.ts";
import { differences, temporaryFolder } from "../e2e/program.ts";
import { FAST as UNLIMITED } from "../e2e/relay.ts";
import { type Files, statesAfter } from "./power.ts";
import { runChild, runWhole, startStillSandbox } from "./scenario.ts";

const MOMENTS = Number(process.env.POWER_MOMENTS ?? 10);
const folder = temporaryFolder();
const sandbox = await startStillSandbox({ rows: 150, seed: 5 });
const truth = async (stream: string) =>
  [...sandbox.truth(stream)].map(({ id, updatedAt, deleted }) => ({ id, updatedAt, deleted }));
const env = { KUSTOMER_API_KEY: sandbox.apiKey, KUSTOMER_API_URL: sandbox.url };
const FAST = ["--quiet", "--rpm", "1000000", ...UNLIMITED];
afterAll(async () => {
  await sandbox.stop();
  folder.remove();
});

const taskOf = (db: string) => ({ url: sandbox.url, db, concurrency: 8, pageSize: 20 });

/** The files of a sync that stood still just after its nth commit. */
async function filesAfter(nth: number): Promise<{ db: Buffer; wal: Buffer }> {
  const db = join(folder.path, `moment-${nth}.db`);
  const died = await runChild({ ...taskOf(db), kill: { place: "after", nth } });
  if (died.signal !== "SIGKILL") throw new Error(`it ended ${died.code}: ${died.stderr}`);
  return { db: readFileSync(db), wal: readFileSync(`${db}-wal`) };
}

function integrity(db: string): unknown {
  const file = new Database(db);
  try {
    return file.query("PRAGMA integrity_check").get();
  } finally {
    file.close();
  }
}

const whole = await runWhole(taskOf(join(folder.path, "whole.db")));

test("is lost after any commit: the file is sound, and equal after one sync", async () => {
  const random = createRandom(7);
  const wrong: Record<string, unknown> = {};
  let states = 0;
  for (let moment = 1; moment <= MOMENTS; moment += 1) {
    const nth = Math.max(1, Math.round((moment / MOMENTS) * whole.commits));
    const files = await filesAfter(nth);
    for (const [name, left] of statesAfter(files, random)) {
      states += 1;
      const found = await look(left, `${nth}-${states}`);
      if (found !== null) wrong[`commit ${nth}: ${name}`] = found;
    }
  }
  expect(states).toBeGreaterThan(20 * MOMENTS);
  expect(wrong).toEqual({});
}, 1_200_000);

/** What is wrong with a file after one sync; null when nothing is. */
async function look({ db: bytes, wal }: Files, name: string): Promise<unknown> {
  const db = join(folder.path, `${name}.db`);
  writeFileSync(db, bytes);
  if (wal !== null) writeFileSync(`${db}-wal`, wal);
  // Opened to read first, as status does: that alone may spoil nothing.
  const status = await runHere(["status", "--db", db, "--quiet"]);
  if (status.code !== 0) return status;
  const sound = integrity(db) as { integrity_check: string };
  if (sound.integrity_check !== "ok") return sound;
  // The process that held the lock is known to be gone; after a loss of power it would be watched for a while.
  const synced = await runHere(["sync", "--db", db, ...FAST], env);
  if (synced.code !== 0) return synced;
  const differs = await differences(db, { truth });
  if (Object.keys(differs).length > 0) return differs;
  return null;
}
