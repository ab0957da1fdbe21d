/**
 * Tries a folder of a release as people will meet it: SHA256SUMS is that of all that is in it, the program for this
 * machine works from its archive, and install.sh, which gets it from here, installs it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checksums } from "./archive.ts";
import { installTest, smokeTest } from "./smoke.ts";
import { hostTarget, type Target } from "./targets.ts";

const SUMS = "SHA256SUMS";

/** The target that was tried; null when none of these is for this machine. Throws, saying what is wrong. */
export async function tryRelease(
  folder: string,
  targets: readonly Target[],
  version: string,
): Promise<Target | null> {
  checkSums(folder, targets);
  const host = hostTarget();
  if (host === null || !targets.includes(host)) return null;
  await smokeTest(join(folder, host.archive), host.binary, version);
  if (!host.name.startsWith("windows")) await installTest(folder, version);
  return host;
}

/** What is published is this folder: nothing may be lacking, and nothing be there unsummed. */
function checkSums(folder: string, targets: readonly Target[]): void {
  const names = readdirSync(folder).filter((name) => name !== SUMS);
  for (const name of [...targets.map(({ archive }) => archive), "install.sh"]) {
    if (!names.includes(name)) throw new Error(`${name} is not in ${folder}`);
  }
  const summed = new Set(readFileSync(join(folder, SUMS), "utf8").trimEnd().split("\n"));
  for (const name of names) {
    const line = checksums([join(folder, name)]).trimEnd();
    if (!summed.delete(line)) throw new Error(`${name} is not what ${SUMS} says`);
  }
  if (summed.size > 0) throw new Error(`${SUMS} names what is not there: ${[...summed].join(", ")}`);
}
