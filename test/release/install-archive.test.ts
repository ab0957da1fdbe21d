/**
 * install.sh, given an archive that the sums vouch for and that holds something else than a release does: it is
 * refused, no file outside is touched, and nothing of it is run, whichever tar is here.
 */
import { afterAll, beforeEach, describe, expect, test as testOf } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Header } from "tar";
import { checksums } from "../../scripts/release/archive.ts";
import { CAN_DOWNLOAD, Installer, LINUX, PROGRAM } from "./installer.ts";

const test = testOf.skipIf(!CAN_DOWNLOAD);

const installer = new Installer();
beforeEach(() => installer.release());
afterAll(() => installer.stop());

const linux = "kustomer-sync-linux-x64.tar.gz";
const BLOCK = 512;

type Member = {
  readonly path: string;
  readonly text?: string;
  readonly type?: "File" | "SymbolicLink" | "Link" | "Directory" | "FIFO" | "CharacterDevice";
  readonly linkpath?: string;
};

/** The members as they are told, which no tool for packing would write. */
function packed(members: readonly Member[]): Uint8Array {
  const blocks = members.flatMap(({ path, text = "", type = "File", linkpath = "" }) => {
    const bytes = Buffer.from(text);
    const header = Buffer.alloc(BLOCK);
    const at = { mode: 0o755, uid: 0, gid: 0, size: bytes.length, mtime: new Date(0) };
    new Header({ path, type, linkpath, ...at }).encode(header);
    return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Bun.gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}

/** Puts it on the server in place of the archive for Linux, with its own sum. */
function publish(members: readonly Member[]): void {
  const file = join(installer.newFolder(), linux);
  writeFileSync(file, packed(members));
  installer.files.set(linux, readFileSync(file));
  installer.files.set("SHA256SUMS", new TextEncoder().encode(checksums([file])));
}

/** Every tar here, by what a fake `tar` runs in its place. */
const TARS = [["tar"], ["bsdtar"], ["busybox", "tar"]].flatMap(([tool = "", ...rest]) => {
  const path = Bun.which(tool);
  return path === null ? [] : [[[tool, ...rest].join(" "), [path, ...rest].join(" ")] as const];
});

const program: Member = { path: "kustomer-sync", text: PROGRAM };
const readme: Member = { path: "README.md", text: "read me" };

describe.each(TARS)("with %s", (_, tar) => {
  const fakes = { ...LINUX, tar: `exec ${tar} "$@"` };

  test("what a release holds is taken, in any order", async () => {
    publish([readme, program]);
    expect(await installer.install({ fakes })).toMatchObject({
      code: 0,
      stderr: "",
      left: ["kustomer-sync"],
      text: PROGRAM,
    });
  });

  const outside = "a file outside";
  const hostile: [string, (victim: string) => Member[]][] = [
    ["a symbolic link for the program", (victim) => [link("SymbolicLink", victim)]],
    ["a hard link for the program", (victim) => [link("Link", victim)]],
    [
      "a hard link to a member",
      () => [{ path: "README.md", text: PROGRAM }, { ...link("Link", "README.md") }],
    ],
    ["a link beside the program", (victim) => [program, link("SymbolicLink", victim, "LICENSE")]],
    ["a link, and through it a file", (victim) => [link("SymbolicLink", victim), program]],
    ["a folder for the program", () => [{ path: "kustomer-sync", type: "Directory" }]],
    ["a pipe for the program", () => [{ path: "kustomer-sync", type: "FIFO" }]],
    ["a device beside the program", () => [program, { path: "LICENSE", type: "CharacterDevice" }]],
    ["two programs", () => [program, { ...program, text: "#!/bin/sh\nexit 1\n" }]],
    ["no program", () => [readme]],
    ["a file more", () => [program, { path: "libc.so.6", text: "more" }]],
    ["a name that leads out", (victim) => [program, { path: `../../${victim}`, text: "more" }]],
    ["a name from the root", (victim) => [program, { path: victim, text: "more" }]],
    ["a name of two lines", () => [program, { path: "LICENSE\nREADME.md", text: "more" }]],
  ];
  test.each(hostile)("%s is refused", async (_, members) => {
    const victim = join(installer.newFolder(), outside);
    writeFileSync(victim, `#!/bin/sh\n: >'${victim}.ran'\necho kustomer-sync 9.9.9\n`, { mode: 0o600 });
    publish(members(victim));
    const into = installer.newFolder();
    writeFileSync(join(into, "kustomer-sync"), "old");
    const { code, stdout, stderr, left, text } = await installer.install({ into, fakes });
    expect([code, stdout, left, text]).toEqual([1, "", ["kustomer-sync"], "old"]);
    expect(stderr).toMatch(/^error: install: \S+ (holds .*; nothing was installed|cannot be unpacked)$/m);
    expect([readdirSync(join(victim, "..")), statSync(victim).mode & 0o777]).toEqual([[outside], 0o600]);
  });
});

function link(type: "SymbolicLink" | "Link", linkpath: string, path = "kustomer-sync"): Member {
  return { path, type, linkpath };
}
