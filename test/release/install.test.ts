/** install.sh, run by the shells that are here: it installs what was checked, where it was told, for this machine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test as testOf } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostTarget, TARGETS } from "../../scripts/release/targets.ts";
import { CAN_DOWNLOAD, CERTIFICATE, Installer, LINUX, PROGRAM, SHELLS, TOOLS, uname } from "./installer.ts";

const test = testOf.skipIf(!CAN_DOWNLOAD);

const installer = new Installer();
beforeAll(() => installer.release());
beforeEach(() => {
  installer.asked.length = 0;
});
afterAll(() => installer.stop());

describe("installs", () => {
  test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("with %s", async (_, shell) => {
    const { code, stdout, stderr, place, left, text } = await installer.install({ shell });
    expect([code, stderr, left, text]).toEqual([0, "", ["kustomer-sync"], PROGRAM]);
    expect(stdout).toBe(
      `kustomer-sync 9.9.9 is in ${place}/kustomer-sync\nthat folder is not on the PATH: export PATH="${place}:$PATH"\n`,
    );
  });

  test("into ~/.local/bin, and says nothing of a PATH that has it", async () => {
    const { code, home, left } = await installer.install({ into: null });
    expect([code, left]).toEqual([0, ["kustomer-sync"]]);
    const place = join(home, ".local/bin");
    const PATH = `${home}/bin:${place}:${process.env.PATH}`;
    const again = await installer.install({ into: `${place}/`, env: { PATH } });
    expect([again.code, again.stdout]).toEqual([0, `kustomer-sync 9.9.9 is in ${place}/kustomer-sync\n`]);
  });

  test("into a folder that is named from here, and tells all of its name", async () => {
    const CDPATH = installer.newFolder();
    mkdirSync(join(CDPATH, "tools/of mine"), { recursive: true });
    const env = { KUSTOMER_SYNC_INSTALL_DIR: "tools/of mine", CDPATH };
    const { code, home, stdout } = await installer.install({ into: null, env });
    const place = join(home, "tools/of mine");
    expect([code, readdirSync(place)]).toEqual([0, ["kustomer-sync"]]);
    expect(stdout).toEndWith(`export PATH="${place}:$PATH"\n`);
  });

  test("without a HOME, where the folder is named", async () => {
    expect(await installer.install({ env: { HOME: undefined } })).toMatchObject({ code: 0, text: PROGRAM });
  });

  test.each(["curl", "wget"].filter((tool) => Bun.which(tool) !== null))("with %s alone", async (tool) => {
    const fakes = { ...LINUX, sha256sum: sumTool() };
    const { code, stderr, left } = await installer.install({ fakes, only: [...TOOLS, tool] });
    expect([code, stderr, left]).toEqual([0, "", ["kustomer-sync"]]);
  });

  test("with shasum where there is no sha256sum", async () => {
    const shasum = `[ "$1 $2" = "-a 256" ] || exit 1\nshift 2\n${sumTool()}`;
    const { code, stderr } = await installer.install({
      fakes: { ...LINUX, shasum },
      only: [...TOOLS, "curl"],
    });
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("in place of an older one, of which only the name is taken", async () => {
    const into = installer.newFolder();
    const elsewhere = join(installer.newFolder(), "old");
    writeFileSync(elsewhere, "old");
    symlinkSync(elsewhere, join(into, "kustomer-sync"));
    const result = await installer.install({ into });
    expect(result).toMatchObject({ code: 0, text: PROGRAM, left: ["kustomer-sync"] });
    expect(readFileSync(elsewhere, "utf8")).toBe("old");
  });

  test("the version that was asked for, from GitHub where nothing else is said", async () => {
    const releases = "https://github.com/kustomer-sync/kustomer-sync/releases";
    for (const [version, url] of [
      [undefined, "latest/download"],
      ["latest", "latest/download"],
      ["0.1.0", "download/v0.1.0"],
      ["v0.1.0", "download/v0.1.0"],
    ] as const) {
      const curl = `for last; do :; done; echo "$last" >>"$HOME/asked"; exit 22`;
      const env = { KUSTOMER_SYNC_VERSION: version, KUSTOMER_SYNC_BASE_URL: undefined };
      const { code, home } = await installer.install({ fakes: { ...LINUX, curl }, env });
      expect([code, readFileSync(join(home, "asked"), "utf8")]).toEqual([
        1,
        `${releases}/${url}/SHA256SUMS\n`,
      ]);
    }
  });
});

/** A script that sums as sha256sum does, on machines that have only the other. */
function sumTool(): string {
  const tool = Bun.which("sha256sum");
  return tool === null ? `exec ${Bun.which("shasum")} -a 256 "$@"` : `exec ${tool} "$@"`;
}

const glibc = "echo 'ldd (GNU libc) 2.36'";
const musl = "echo 'musl libc (x86_64)' >&2; exit 1";
const machines: [string, string, Record<string, string>][] = [
  ["linux-x64.tar.gz", "Linux x86_64", { ldd: glibc }],
  ["linux-x64.tar.gz", "Linux amd64", { ldd: glibc }],
  ["linux-x64-musl.tar.gz", "Linux x86_64", { ldd: musl }],
  ["linux-arm64.tar.gz", "Linux aarch64", { ldd: glibc }],
  ["linux-arm64.tar.gz", "Linux arm64", { ldd: glibc }],
  ["linux-arm64-musl.tar.gz", "Linux aarch64", { ldd: musl }],
  ["darwin-arm64.tar.gz", "Darwin arm64", { sysctl: "echo 0" }],
  ["darwin-x64.tar.gz", "Darwin x86_64", { sysctl: "exit 1" }],
  ["darwin-x64.tar.gz", "Darwin x86_64", { sysctl: "echo 0" }],
  ["darwin-arm64.tar.gz", "Darwin x86_64", { sysctl: "echo 1" }],
];

describe("takes", () => {
  test.each(machines)("%s for %s, as is made by a release", async (archive, machine, fakes) => {
    const [system = "", processor = ""] = machine.split(" ");
    const { code } = await installer.install({ fakes: { ...fakes, uname: uname(system, processor) } });
    expect([code, installer.asked]).toEqual([0, ["SHA256SUMS", `kustomer-sync-${archive}`]]);
    expect(TARGETS.map((target) => target.archive)).toContain(`kustomer-sync-${archive}`);
  });

  test("every archive of a release but that for Windows, on one machine or another", () => {
    const taken = new Set(machines.map(([archive]) => `kustomer-sync-${archive}`));
    const rest = TARGETS.map(({ archive }) => archive).filter((archive) => !taken.has(archive));
    expect(rest).toEqual(["kustomer-sync-windows-x64.zip"]);
  });

  test.each([
    [true, "linux-x64-musl"],
    [false, "linux-x64"],
  ])("by the loader in /lib where there is no ldd: musl's is there %p, %s", async (there, name) => {
    const lib = installer.newFolder();
    if (there) writeFileSync(join(lib, "ld-musl-x86_64.so.1"), "");
    const fakes = { uname: LINUX.uname, sha256sum: sumTool() };
    const { code } = await installer.install({
      fakes,
      only: [...TOOLS, "curl"],
      env: { KUSTOMER_SYNC_LIB: lib },
    });
    expect([code, installer.asked[1]]).toEqual([0, `kustomer-sync-${name}.tar.gz`]);
  });

  test.each([["glibc", glibc] as const, ["musl", musl] as const])(
    "on this machine, with %s, what a release tries on it",
    async (_, ldd) => {
      const { home } = await installer.install({ fakes: { ldd } });
      const targets = join(import.meta.dir, "../../scripts/release/targets.ts");
      const tried = Bun.spawnSync(
        [process.execPath, "-e", `console.log(require("${targets}").hostTarget().archive)`],
        { env: { ...process.env, PATH: `${home}/bin:${process.env.PATH}` } },
      );
      expect(tried.stdout.toString().trim()).toBe(installer.asked[1]!);
      expect(hostTarget()).not.toBeNull();
    },
  );
});

test("the README's way by hand works as it stands, and stops at another sum", async () => {
  const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
  const block = readme.split("```sh\n").find((part) => part.startsWith("base="))!;
  const byHand = block.slice(0, block.indexOf("```")).replace(/^base=.*/, `base=${installer.secureOrigin}`);
  const { home } = await installer.install({ fakes: { ...LINUX, sha256sum: sumTool() } });
  const run = async () => {
    const cwd = installer.newFolder();
    const env = { PATH: `${home}/bin:${process.env.PATH}`, CURL_CA_BUNDLE: CERTIFICATE };
    const child = Bun.spawn(["sh", "-c", byHand], { cwd, env, stdout: "ignore", stderr: "ignore" });
    return [(await child.exited) === 0, readdirSync(cwd).sort()];
  };
  const archive = "kustomer-sync-linux-x64.tar.gz";
  expect(await run()).toEqual([true, ["SHA256SUMS", "kustomer-sync", archive]]);
  installer.files.set(archive, installer.files.get("kustomer-sync-windows-x64.zip")!);
  expect(await run()).toEqual([false, ["SHA256SUMS", archive]]);
  await installer.release();
});

test("makes the folder and those above it, and keeps what is in it", async () => {
  const into = join(installer.newFolder(), "a/b/c");
  expect((await installer.install({ into })).left).toEqual(["kustomer-sync"]);
  writeFileSync(join(into, "other"), "");
  expect((await installer.install({ into })).left.sort()).toEqual(["kustomer-sync", "other"]);
});
