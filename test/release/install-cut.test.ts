/** Half of install.sh, from a download that broke off into a shell's stdin, does nothing, wherever it was cut. */
import { afterAll, beforeEach, expect, test as testOf } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CAN_DOWNLOAD, Installer, SCRIPT, SHELLS } from "./installer.ts";

const test = testOf.skipIf(!CAN_DOWNLOAD);

const installer = new Installer();
beforeEach(() => installer.release());
afterAll(() => installer.stop());

/** Where it may be cut: after every byte, before that which ends the last command. */
const text = readFileSync(SCRIPT);
const end = text.lastIndexOf("}");
const every = Array.from({ length: end + 1 }, (_, cut) => cut);
const [first = ["sh"], ...others] = SHELLS;

/** Runs these cuts of the script, some at a time, and returns those that said or did anything. */
async function doing(shell: readonly string[], cuts: readonly number[]): Promise<number[]> {
  const home = installer.newFolder();
  const bin = join(home, "bin");
  mkdirSync(bin);
  // Whatever a cut may run, it runs one of these, which leaves a trace.
  for (const name of ["uname", "mkdir", "curl", "wget", "sum", "rm", "mv", "cat", "cut", "grep", "tar"]) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} >>"${home}/ran"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const program = Bun.which(shell[0]!)!;
  const rest = [...cuts];
  const guilty: number[] = [];
  const work = async () => {
    for (let cut = rest.pop(); cut !== undefined; cut = rest.pop()) {
      const child = Bun.spawn([program, ...shell.slice(1)], {
        stdin: text.subarray(0, cut),
        stdout: "pipe",
        stderr: "ignore",
        cwd: home,
        env: { HOME: home, PATH: bin, ...installer.mirror },
      });
      const said = await new Response(child.stdout).text();
      await child.exited;
      if (said !== "" || existsSync(join(home, "ran"))) guilty.push(cut);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  expect(readdirSync(home)).toEqual(["bin"]);
  return guilty;
}

test("after any byte, in sh", async () => {
  expect(await doing(first, every)).toEqual([]);
  expect(installer.asked).toEqual([]);
}, 60_000);

test.each(others.map((shell) => [shell.join(" "), shell] as const))(
  "at the lines' ends, and anywhere in the last of them, in %s",
  async (_, shell) => {
    const cuts = every.filter((cut) => cut > end - 30 || text[cut] === 10 || text[cut - 1] === 10);
    expect(await doing(shell, cuts)).toEqual([]);
    expect(installer.asked).toEqual([]);
  },
  60_000,
);

test("and whole it installs, from stdin too", async () => {
  const into = installer.newFolder();
  const child = Bun.spawn(["sh"], {
    stdin: text,
    stdout: "pipe",
    cwd: installer.newFolder(),
    env: {
      PATH: process.env.PATH!,
      ...installer.mirror,
      KUSTOMER_SYNC_INSTALL_DIR: into,
    },
  });
  expect([await child.exited, readdirSync(into)]).toEqual([0, ["kustomer-sync"]]);
});
