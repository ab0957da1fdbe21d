/** A folder of a release is tried whole; and the command that makes and tries it says what is wrong. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { checksums } from "../../scripts/release/archive.ts";
import { notesOf } from "../../scripts/release/changelog.ts";
import { hostTarget, TARGETS } from "../../scripts/release/targets.ts";
import { tryRelease } from "../../scripts/release/trial.ts";
import { CAN_DOWNLOAD, fakeRelease } from "./installer.ts";

const root = join(import.meta.dir, "../..");
const host = hostTarget()!;
const other = TARGETS.find((target) => target !== host)!;

describe("bun scripts/release.ts", () => {
  const release = (...args: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "scripts/release.ts", ...args], {
      cwd: root,
    });
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("refuses a target that is none, and names those there are", () => {
    const { exitCode, stderr } = release("--targets", "linux-x64,amiga");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/no target amiga; there are linux-x64, .*windows-x64/),
    ]);
  });

  test("refuses an option that is none, in one line", () => {
    const { exitCode, stderr } = release("--target", "linux-x64");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: release: Unknown option '--target'.*\n$/),
    ]);
  });

  test("does not call a machine tried that has no archive", () => {
    expect(release("--try", "--targets", other.name)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "error: release: no archive is for this machine: none can be tried\n",
    });
  });

  test("prints the notes of a tag that fits, alone, and of no other", () => {
    const notes = notesOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), manifest.version);
    expect(release("--check-tag", `v${manifest.version}`)).toEqual({
      exitCode: 0,
      stdout: notes,
      stderr: "",
    });
    expect(release("--check-tag", "v99.0.0")).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test("is what bun run release calls, with what it is told", () => {
    const run = [process.execPath, "run", "release", "--targets", "amiga"];
    const { exitCode, stderr } = Bun.spawnSync(run, { cwd: root });
    expect([exitCode, stderr.toString()]).toEqual([1, expect.stringContaining("there is no target amiga")]);
  });
});

const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-trial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Does as little of what the program does as a trial can see. */
const PROGRAM = `#!/bin/sh
case "$1" in
  --version) echo "kustomer-sync 1.2.3" ;;
  demo) : ;;
  status) echo '{"streams":[{"stream":"tags","rows":1,"complete":true}]}' ;;
  export) for last; do :; done; mkdir "$last"; : >"$last/_manifest.json" ;;
esac
`;

async function released(program = PROGRAM): Promise<string> {
  const place = mkdtempSync(join(folder, "release of "));
  await fakeRelease(place, program);
  return place;
}

describe("a release is tried", () => {
  test.skipIf(!CAN_DOWNLOAD)("on a machine that it has a program for", async () => {
    const place = await released();
    expect(await tryRelease(place, TARGETS, "1.2.3")).toBe(host);
    const rest = TARGETS.filter((target) => target !== host);
    expect(await tryRelease(place, rest, "1.2.3")).toBeNull();
  });

  test.each<[string, string, string]>([
    ['--version said "kustomer-sync 1.2.4"', "sync 1.2.3", "sync 1.2.4"],
    ["kustomer-sync demo ended 3: no", "demo) :", "demo) echo no >&2; exit 3"],
    ['demo left [{"stream":"tags","rows":0', '"rows":1', '"rows":0'],
    ['demo left [{"stream":"tags","rows":1,"complete":false', "true", "false"],
    ["demo left []", '{"stream":"tags","rows":1,"complete":true}', ""],
    ["the export as csv is not whole", ': >"$last/_manifest.json"', ":"],
    ["what the folder's files say: hostile.db", "demo) :", 'demo) . ./.env; : >"$KUSTOMER_SYNC_DB"'],
    ["what the folder's files say: preloaded", "demo) :", "demo) : >preloaded"],
  ])("and refused for: %s", async (message, from, to) => {
    const place = await released(PROGRAM.replace(from, to));
    await expect(tryRelease(place, [host], "1.2.3")).rejects.toThrow(message);
  });

  test.skipIf(!CAN_DOWNLOAD)("and refused where the installer does not install it", async () => {
    const place = await released();
    const installer = join(place, "install.sh");
    const text = readFileSync(installer, "utf8");
    const sums = join(place, "SHA256SUMS");
    const others = readFileSync(sums, "utf8").replace(/.*install\.sh\n/, "");
    const trial = (changed: string) => {
      writeFileSync(installer, changed);
      writeFileSync(sums, others + checksums([installer]));
      return tryRelease(place, TARGETS, "1.2.3");
    };
    expect(await trial(text)).toBe(host);
    await expect(trial(text.replace("archive=kustomer-sync-", "archive=sync-"))).rejects.toThrow(
      /install\.sh ended 1: .*SHA256SUMS does not name sync-/,
    );
    await expect(trial("exit 0\n")).rejects.toThrow('install.sh said ""');
  });

  test("and refused when something lacks, was changed, or has no sum", async () => {
    const place = await released();
    const trial = () => tryRelease(place, TARGETS, "1.2.3");
    const at = (name: string) => join(place, name);
    const windows = readFileSync(at("kustomer-sync-windows-x64.zip"));
    writeFileSync(at("kustomer-sync-windows-x64.zip"), "changed");
    await expect(trial()).rejects.toThrow("kustomer-sync-windows-x64.zip is not what SHA256SUMS says");
    rmSync(at("kustomer-sync-windows-x64.zip"));
    await expect(trial()).rejects.toThrow("kustomer-sync-windows-x64.zip is not in ");
    await expect(tryRelease(place, [host], "1.2.3")).rejects.toThrow("SHA256SUMS names what is not there");
    writeFileSync(at("kustomer-sync-windows-x64.zip"), windows);
    writeFileSync(at("notes.txt"), "");
    await expect(trial()).rejects.toThrow("notes.txt is not what SHA256SUMS says");
    mkdirSync(at("empty"));
    await expect(tryRelease(at("empty"), TARGETS, "1.2.3")).rejects.toThrow("is not in ");
  });
});
