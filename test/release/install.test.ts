/**
 * install.sh, run by the shells that are here against a local server, with a small script in place of the program:
 * it installs what was checked or nothing, replaces an old program in one step, and cuts of it do nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checksums, pack } from "../../scripts/release/archive.ts";
import { TARGETS } from "../../scripts/release/targets.ts";

const SCRIPT = join(import.meta.dir, "../../install.sh");
const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-install-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files of a release, by name, and every request for one. */
const files = new Map<string, Uint8Array>();
const asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch({ url }) {
    const name = new URL(url).pathname.slice(1);
    asked.push(name);
    const file = files.get(name);
    return file === undefined ? new Response("no", { status: 404 }) : new Response(Uint8Array.from(file));
  },
});
afterAll(() => server.stop(true));

const PROGRAM = "#!/bin/sh\necho kustomer-sync 9.9.9\n";

/** Puts a release on the server, every archive with this program in it. */
async function release(program: string): Promise<void> {
  files.clear();
  asked.length = 0;
  const place = mkdtempSync(join(folder, "release-"));
  const binary = join(place, "kustomer-sync");
  writeFileSync(binary, program, { mode: 0o755 });
  const archive = join(place, "any.tar.gz");
  await pack({ archive, binary, texts: [] });
  const archives = TARGETS.map((target) => join(place, target.archive));
  for (const path of archives) copyFileSync(archive, path);
  writeFileSync(join(place, "SHA256SUMS"), checksums(archives));
  for (const name of readdirSync(place)) files.set(name, readFileSync(join(place, name)));
}

let count = 0;
const newFolder = () => {
  const path = join(folder, `home of ${++count}`);
  mkdirSync(path);
  return path;
};

type Options = {
  /** Where the program goes; null for the usual place. */
  readonly into?: string | null;
  /** Commands that stand before those of this machine. */
  readonly fakes?: Record<string, string>;
  /** The only commands of this machine that are to be had; default: all. */
  readonly only?: readonly string[];
  readonly env?: Record<string, string>;
  readonly shell?: string;
  readonly script?: string;
};

async function install(options: Options = {}) {
  const home = newFolder();
  const bin = join(home, "bin");
  mkdirSync(bin);
  const {
    fakes = { uname: uname("Linux", "x86_64"), ldd: "echo glibc" },
    only,
    into = join(home, "here"),
  } = options;
  for (const [name, body] of Object.entries(fakes)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const name of only ?? []) if (!(name in fakes)) symlinkSync(Bun.which(name)!, join(bin, name));
  const child = Bun.spawn([Bun.which(options.shell ?? "sh")!, options.script ?? SCRIPT], {
    cwd: home,
    env: {
      HOME: home,
      PATH: only === undefined ? `${bin}:${process.env.PATH}` : bin,
      KUSTOMER_SYNC_BASE_URL: server.url.origin,
      ...(into === null ? {} : { KUSTOMER_SYNC_INSTALL_DIR: into }),
      ...options.env,
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const place = into ?? join(home, ".local/bin");
  const left = existsSync(place) ? readdirSync(place) : [];
  const program = join(place, "kustomer-sync");
  return {
    code,
    stdout,
    stderr,
    home,
    place,
    left,
    text: existsSync(program) ? readFileSync(program, "utf8") : null,
  };
}

function uname(system: string, machine: string): string {
  return `case "$1" in -s) echo ${system} ;; *) echo ${machine} ;; esac`;
}

const TOOLS = "cat chmod cut grep mkdir mktemp mv rm sh tar uname gzip".split(" ");

beforeAll(() => release(PROGRAM));

describe("installs", () => {
  test.each(["sh", "dash", "bash", "busybox"].filter((shell) => Bun.which(shell) !== null))(
    "with %s",
    async (shell) => {
      const { code, stdout, stderr, place, left, text } = await install({ shell });
      expect([code, stderr, left, text]).toEqual([0, "", ["kustomer-sync"], PROGRAM]);
      expect(stdout).toBe(
        `kustomer-sync 9.9.9 is in ${place}/kustomer-sync\nthat folder is not on the PATH: export PATH="${place}:$PATH"\n`,
      );
    },
  );

  test("into ~/.local/bin, and says nothing of a PATH that has it", async () => {
    const { code, home, left } = await install({ into: null });
    expect([code, left]).toEqual([0, ["kustomer-sync"]]);
    const place = join(home, ".local/bin");
    const again = await install({ into: place, env: { PATH: `${home}/bin:${place}:${process.env.PATH}` } });
    expect([again.code, again.stdout]).toEqual([0, `kustomer-sync 9.9.9 is in ${place}/kustomer-sync\n`]);
  });

  test.each(["curl", "wget"].filter((tool) => Bun.which(tool) !== null))("with %s alone", async (tool) => {
    const { code, stderr, left } = await install({ only: [...TOOLS, tool, "sha256sum"] });
    expect([code, stderr, left]).toEqual([0, "", ["kustomer-sync"]]);
  });

  test("with shasum where there is no sha256sum", async () => {
    const shasum = `shift 2; exec ${Bun.which("sha256sum")} "$@"`;
    const fakes = { uname: uname("Linux", "x86_64"), ldd: "echo glibc", shasum };
    const { code, stderr } = await install({ fakes, only: [...TOOLS, "curl"] });
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("in place of an older one", async () => {
    const into = newFolder();
    writeFileSync(join(into, "kustomer-sync"), "old");
    expect(await install({ into })).toMatchObject({ code: 0, text: PROGRAM, left: ["kustomer-sync"] });
  });
});

const machines: [string, string, Record<string, string>][] = [
  ["linux-x64.tar.gz", "Linux x86_64", { ldd: "echo 'ldd (GNU libc) 2.36'" }],
  ["linux-x64-musl.tar.gz", "Linux x86_64", { ldd: "echo 'musl libc (x86_64)' >&2; exit 1" }],
  ["linux-arm64.tar.gz", "Linux aarch64", { ldd: "echo glibc" }],
  ["linux-arm64-musl.tar.gz", "Linux aarch64", { ldd: "echo 'musl libc' >&2; exit 1" }],
  ["darwin-arm64.tar.gz", "Darwin arm64", { sysctl: "echo 0" }],
  ["darwin-x64.tar.gz", "Darwin x86_64", { sysctl: "exit 1" }],
  ["darwin-arm64.tar.gz", "Darwin x86_64", { sysctl: "echo 1" }],
];

test.each(machines)("takes %s for %s, as is made by a release", async (archive, machine, fakes) => {
  asked.length = 0;
  const [system = "", processor = ""] = machine.split(" ");
  const { code } = await install({ fakes: { ...fakes, uname: uname(system, processor) } });
  expect([code, asked]).toEqual([0, ["SHA256SUMS", `kustomer-sync-${archive}`]]);
  expect(TARGETS.map((target) => target.archive)).toContain(`kustomer-sync-${archive}`);
});

describe("leaves the old program, and nothing else, when", () => {
  const refused = async (message: string, options: Options = {}) => {
    const into = newFolder();
    writeFileSync(join(into, "kustomer-sync"), "old");
    const { code, stdout, stderr, left, text } = await install({ into, ...options });
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(`error: install: ${message}`)]);
    expect([left, text]).toEqual([["kustomer-sync"], "old"]);
  };
  const linux = "kustomer-sync-linux-x64.tar.gz";

  test("the archive is another one than the sums say", async () => {
    await release(PROGRAM);
    const archive = files.get(linux)!;
    files.set(
      linux,
      archive.map((byte, place) => (place === archive.length - 5 ? byte ^ 1 : byte)),
    );
    await refused(`${linux} is not what SHA256SUMS says`);
  });

  test("the archive came in half", async () => {
    await release(PROGRAM);
    files.set(linux, files.get(linux)!.slice(0, 100));
    await refused(`${linux} is not what SHA256SUMS says`);
  });

  test("the sums do not name the archive", async () => {
    await release(PROGRAM);
    files.set("SHA256SUMS", new TextEncoder().encode("abc  something-else.tar.gz\n"));
    await refused(`${server.url.origin}/SHA256SUMS does not name ${linux}`);
  });

  test("there is no such release", async () => {
    files.clear();
    await refused(`${server.url.origin}/SHA256SUMS could not be downloaded`);
  });

  test("the program does not run here", async () => {
    await release("#!/bin/sh\nexit 1\n");
    await refused("the program does not run on this machine");
  });

  test("the archive holds something else", async () => {
    await release(PROGRAM);
    const other = join(newFolder(), linux);
    const readme = join(other, "../README.md");
    writeFileSync(readme, "only this");
    await pack({ archive: other, binary: readme, texts: [] });
    files.set(linux, readFileSync(other));
    files.set("SHA256SUMS", new TextEncoder().encode(checksums([other])));
    await refused(`${linux} cannot be unpacked`);
  });

  test("the machine is none that there is a program for", async () => {
    await release(PROGRAM);
    await refused("there is no program for FreeBSD", { fakes: { uname: uname("FreeBSD", "amd64") } });
    await refused("there is no program for riscv64 processors", {
      fakes: { uname: uname("Linux", "riscv64") },
    });
    expect(asked).toEqual([]);
  });

  test("there is nothing to download with, or nothing to check with", async () => {
    await release(PROGRAM);
    const fakes = { uname: uname("Linux", "x86_64"), ldd: "echo glibc" };
    await refused("neither curl nor wget is here", { fakes, only: [...TOOLS, "sha256sum"] });
    await refused("neither sha256sum nor shasum is here", { fakes, only: [...TOOLS, "curl"] });
  });
});

test("a folder that cannot be made is told, with the way to another", async () => {
  await release(PROGRAM);
  const file = join(newFolder(), "file");
  writeFileSync(file, "");
  const { code, stderr } = await install({ into: join(file, "bin") });
  expect([code, stderr]).toEqual([1, expect.stringContaining("in KUSTOMER_SYNC_INSTALL_DIR")]);
});

test("cut off anywhere, it does nothing", async () => {
  await release(PROGRAM);
  const text = readFileSync(SCRIPT, "utf8");
  const whole = text.trimEnd().length;
  const lines = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const cuts = [...lines.flatMap((end) => [end - 7, end, end + 3]), whole - 1, whole - 4].filter(
    (cut) => cut > 0 && cut < whole - 3,
  );
  const home = newFolder();
  const into = join(home, "bin");
  for (const cut of new Set(cuts)) {
    const child = Bun.spawnSync(["sh"], {
      stdin: new TextEncoder().encode(text.slice(0, cut)),
      env: {
        HOME: home,
        PATH: process.env.PATH!,
        KUSTOMER_SYNC_BASE_URL: server.url.origin,
        KUSTOMER_SYNC_INSTALL_DIR: into,
      },
    });
    expect([cut, child.stdout.toString(), existsSync(into)]).toEqual([cut, "", false]);
  }
  expect([asked, existsSync(join(home, ".local"))]).toEqual([[], false]);
}, 60_000);
