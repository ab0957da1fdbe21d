/** Tries cases of the fuzzer one after the other, and says of each that it begins and what it found: `cases.ts FOLDER FIRST COUNT KEEP`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runHere, type Said } from "../../test/e2e/in-process.ts";
import { forward, relay, startLocalSandbox, FAST as UNLIMITED } from "../../test/e2e/relay.ts";
import { createRandom } from "../random.ts";
import { damage } from "./damage.ts";

const [folder = "", first = "0", count = "1", keep = ""] = process.argv.slice(2);

const FAST = ["--quiet", "--rpm", "1000000", ...UNLIMITED, "--timeout", "5s"];

await using sandbox = await startLocalSandbox({ rows: 90, seed: 3 });
const whole = join(folder, "whole.db");
const made = await runHere(["sync", "--db", whole, ...FAST], sandbox.env);
if (made.code !== 0) throw new Error(made.stderr);
const bytes = readFileSync(whole);

/** Every command, on a file that may be damaged. */
async function tryFile(db: string): Promise<[string, Said][]> {
  const commands: Record<string, string[]> = {
    status: ["status", "--json"],
    export: ["export", "--out", join(folder, "out"), "--overwrite"],
    "export by month": [
      "export",
      "--format",
      "ndjson",
      "--partition-by",
      "month",
      "--out",
      join(folder, "months"),
    ],
    snapshot: ["snapshot", join(folder, "copy.db"), "--overwrite"],
    verify: ["verify", ...FAST],
    sync: ["sync", ...FAST],
    "sync again": ["sync", ...FAST],
    repair: ["verify", "--repair", ...FAST],
    reset: ["reset", "--all", "--yes"],
  };
  const ends: [string, Said][] = [];
  for (const [name, args] of Object.entries(commands))
    ends.push([name, await runHere([...args, "--db", db], sandbox.env)]);
  for (const name of ["out", "months", "copy.db"])
    rmSync(join(folder, name), { recursive: true, force: true });
  return ends;
}

/** A sync of which some answers come damaged, and then one of which none does. */
async function tryAnswers(db: string, seed: number): Promise<[string, Said][]> {
  const random = createRandom(seed);
  const share = random() * 0.5;
  await using front = relay(sandbox.url, (asked) => {
    if (random() >= share) return null;
    return forward(sandbox.url, asked).then(async (answer) => {
      const body = damage(new Uint8Array(await answer.arrayBuffer()), random);
      return new Response(body as Uint8Array<ArrayBuffer>, {
        status: answer.status,
        headers: answer.headers,
      });
    });
  });
  const ends: [string, Said][] = [];
  ends.push(["sync", await runHere(["sync", "--db", db, ...FAST], { ...sandbox.env, ...front.env })]);
  ends.push(["verify", await runHere(["verify", "--db", db, ...FAST], { ...sandbox.env, ...front.env })]);
  return ends;
}

for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  console.log(`begin ${seed}`);
  const random = createRandom(seed);
  const db = join(folder, "case.db");
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(db + suffix, { force: true });
  // Answers cost more time, and there is less to find in them.
  const isFile = random() < 0.8;
  if (isFile) writeFileSync(db, damage(bytes, random));
  const input = isFile ? readFileSync(db) : null;
  const ends = isFile ? await tryFile(db) : await tryAnswers(db, seed);
  for (const [name, { code, stderr }] of ends) {
    if (code !== 1) continue;
    mkdirSync(keep, { recursive: true });
    if (input !== null) writeFileSync(join(keep, `${seed}.db`), input);
    const why = stderr.split("\n").slice(0, 3).join(" | ");
    console.log(`found case ${seed}, ${name}: ${why}`);
    writeFileSync(join(keep, `${seed} ${name}.txt`), stderr);
  }
}
