/** install.sh, where something is wrong: one error that says what, and the old program is there, and nothing else. */
import { afterAll, beforeEach, describe, expect, test as testOf } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checksums, pack } from "../../scripts/release/archive.ts";
import { CAN_DOWNLOAD, Installer, LINUX, type Options, SHELLS, TOOLS, uname } from "./installer.ts";

const test = testOf.skipIf(!CAN_DOWNLOAD);

const installer = new Installer();
beforeEach(() => installer.release());
afterAll(() => installer.stop());

const linux = "kustomer-sync-linux-x64.tar.gz";
const { files, origin } = installer;

/** Whatever the tools said before, the last is one error of install.sh's. */
async function refused(message: string, options: Options = {}) {
  const into = installer.newFolder();
  writeFileSync(join(into, "kustomer-sync"), "old");
  const { code, stdout, stderr, left, text } = await installer.install({ into, ...options });
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(`error: install: ${message}`)]);
  expect(stderr.split("error: install:").length).toBe(2);
  expect([left, text]).toEqual([["kustomer-sync"], "old"]);
}

describe("leaves the old program, and nothing else, when", () => {
  test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
    "the archive is another one than the sums say, in %s",
    async (_, shell) => {
      const archive = files.get(linux) as Uint8Array;
      files.set(
        linux,
        archive.map((byte, place) => (place === archive.length - 5 ? byte ^ 1 : byte)),
      );
      await refused(`${linux} is not what SHA256SUMS says`, { shell });
    },
  );

  test("the archive came in half", async () => {
    files.set(linux, (files.get(linux) as Uint8Array).slice(0, 100));
    await refused(`${linux} is not what SHA256SUMS says`);
  });

  test.each([linux, "SHA256SUMS"])("the connection ends within %s", async (broken) => {
    using raw = Bun.listen({
      port: 0,
      hostname: "127.0.0.1",
      socket: {
        data(socket, request) {
          const name = /^GET \/(\S+)/.exec(request.toString())?.[1] ?? "";
          const bytes = files.get(name) as Uint8Array;
          socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`);
          socket.write(name === broken ? bytes.slice(0, 100) : bytes);
          socket.end();
        },
      },
    });
    const base = `http://127.0.0.1:${raw.port}`;
    const env = { KUSTOMER_SYNC_BASE_URL: base };
    await refused(`${base}/${broken} could not be downloaded`, { env });
  });

  test("the sums do not name the archive", async () => {
    const sum = "0".repeat(64);
    for (const name of ["something-else.tar.gz", `${linux}.old`, `older-${linux}`]) {
      files.set("SHA256SUMS", new TextEncoder().encode(`${sum}  ${name}\n`));
      await refused(`${origin}/SHA256SUMS does not name ${linux}`);
    }
  });

  test("there is no such release, or no such archive in it", async () => {
    files.delete(linux);
    await refused(`${origin}/${linux} could not be downloaded`);
    files.clear();
    await refused(`${origin}/SHA256SUMS could not be downloaded`);
  });

  test.each([
    ["ends in an error", "#!/bin/sh\nexit 1\n"],
    ["is for another machine", "\x7fELF, so to speak"],
  ])("the program %s", async (_, program) => {
    await installer.release(program);
    await refused("the program does not run on this machine");
  });

  test("the archive holds something else", async () => {
    const other = join(installer.newFolder(), linux);
    const readme = join(other, "../README.md");
    writeFileSync(readme, "only this");
    await pack({ archive: other, binary: readme, texts: [] });
    files.set(linux, readFileSync(other));
    files.set("SHA256SUMS", new TextEncoder().encode(checksums([other])));
    await refused(`${linux} holds 0 programs, not one`);
    const text = new TextEncoder().encode("no archive");
    writeFileSync(other, text);
    files.set(linux, text);
    files.set("SHA256SUMS", new TextEncoder().encode(checksums([other])));
    await refused(`${linux} cannot be unpacked`);
  });

  test("the machine is none that there is a program for", async () => {
    await refused("there is no program for FreeBSD", { fakes: { uname: uname("FreeBSD", "amd64") } });
    await refused("there is no program for MINGW64_NT-10.0 here\n  try: on Windows, unpack", {
      fakes: { uname: uname("MINGW64_NT-10.0", "x86_64") },
    });
    await refused("there is no program for riscv64 processors", {
      fakes: { uname: uname("Linux", "riscv64") },
    });
    expect(installer.asked).toEqual([]);
  });

  test("there is nothing to download with, or nothing to check with", async () => {
    await refused("neither curl nor wget is here", {
      fakes: { ...LINUX, sha256sum: "exit 1" },
      only: TOOLS,
    });
    await refused("neither sha256sum nor shasum is here", { only: [...TOOLS, "curl"] });
    expect(installer.asked).toEqual([]);
  });

  test("nothing can be written to the folder", async () => {
    await refused("nothing can be written to", { fakes: { ...LINUX, mktemp: "exit 1" } });
  });

  test("the program cannot be given its name", async () => {
    const into = installer.newFolder();
    writeFileSync(join(into, "kustomer-sync"), "old");
    const mv = "echo 'mv: no space left' >&2; exit 1";
    const { code, stdout, stderr, left, text } = await installer.install({ into, fakes: { ...LINUX, mv } });
    expect([code, stdout, stderr]).toEqual([1, "", "mv: no space left\n"]);
    expect([left, text]).toEqual([["kustomer-sync"], "old"]);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s comes within a download", async (signal) => {
    const asked = Promise.withResolvers<void>();
    files.set(linux, () => {
      asked.resolve();
      return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    });
    const into = installer.newFolder();
    writeFileSync(join(into, "kustomer-sync"), "old");
    const { child } = installer.start({ into });
    await asked.promise;
    // As a terminal does it: to all that were started.
    process.kill(-child.pid, signal);
    await child.exited;
    expect(child.exitCode === 0).toBe(false);
    expect([readdirSync(into), readFileSync(join(into, "kustomer-sync"), "utf8")]).toEqual([
      ["kustomer-sync"],
      "old",
    ]);
  });
});

test("a folder that cannot be made is told, with the way to another", async () => {
  const file = join(installer.newFolder(), "file");
  writeFileSync(file, "");
  const { code, stderr } = await installer.install({ into: join(file, "bin") });
  expect([code, stderr]).toEqual([1, expect.stringContaining("in KUSTOMER_SYNC_INSTALL_DIR")]);
});

test("a folder of the program's name is told, and gets nothing put into it", async () => {
  const into = installer.newFolder();
  const clone = join(into, "kustomer-sync");
  mkdirSync(clone);
  const { code, stdout, stderr, left } = await installer.install({ into });
  expect([code, stdout, left, readdirSync(clone)]).toEqual([1, "", ["kustomer-sync"], []]);
  expect(stderr).toStartWith(`error: install: ${clone} is a folder\n  try: another folder`);
});

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "without a HOME, and without a folder, %s makes none",
  async (_, shell) => {
    const { code, stderr, home } = await installer.install({ into: null, env: { HOME: undefined }, shell });
    expect([code, stderr]).toEqual([
      1,
      "error: install: HOME is not set\n  try: a folder, in KUSTOMER_SYNC_INSTALL_DIR\n",
    ]);
    expect([installer.asked, existsSync(join(home, ".local"))]).toEqual([[], false]);
  },
);
