/**
 * A release on a local server, each archive with a small script in place of the program, and install.sh run against
 * it in a home of its own, on whatever machine the fake commands on its PATH make of this one.
 */
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
import { TARGETS, TEXTS } from "../../scripts/release/targets.ts";

const ROOT = join(import.meta.dir, "../..");
export const SCRIPT = join(ROOT, "install.sh");
export const CERTIFICATE = join(ROOT, "test/fixtures/local-https/cert.pem");
export const PROGRAM = "#!/bin/sh\necho kustomer-sync 9.9.9\n";
/** What install.sh uses on every machine, beside what it chooses between. */
export const TOOLS = "cat chmod cut grep mkdir mktemp mv rm sh tar uname gzip".split(" ");
export const LINUX = { uname: uname("Linux", "x86_64"), ldd: "echo glibc" };

export function uname(system: string, machine: string): string {
  return `case "$1" in -s) echo ${system} ;; *) echo ${machine} ;; esac`;
}

/** Without either, which a bare machine may be, there is nothing for install.sh to work with. */
export const CAN_DOWNLOAD = ["curl", "wget"].some((tool) => Bun.which(tool) !== null);

/** Every shell here, as it is called. */
export const SHELLS = [["sh"], ["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([shell = ""]) => Bun.which(shell) !== null,
);

export type Options = {
  /** Where the program goes; null for the usual place. */
  readonly into?: string | null;
  /** Commands that stand before those of this machine. */
  readonly fakes?: Record<string, string>;
  /** The only commands of this machine that are to be had; default: all. */
  readonly only?: readonly string[];
  /** More of the environment; undefined takes away. */
  readonly env?: Record<string, string | undefined>;
  readonly shell?: readonly string[];
};

export class Installer {
  readonly folder = mkdtempSync(join(tmpdir(), "kustomer-sync-install-"));
  /** The files of the release, by name; a Response's body may also break off. */
  readonly files = new Map<string, Uint8Array | (() => Response)>();
  /** Every request that came, by the name that it was for. */
  readonly asked: string[] = [];
  private count = 0;
  private readonly site = {
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: ({ url }: Request) => {
      const name = new URL(url).pathname.slice(1);
      this.asked.push(name);
      const file = this.files.get(name);
      if (typeof file === "function") return file();
      return file === undefined ? new Response("no", { status: 404 }) : new Response(Uint8Array.from(file));
    },
  };
  private readonly server = Bun.serve(this.site);
  private readonly secureServer = Bun.serve({
    ...this.site,
    tls: { cert: readFileSync(CERTIFICATE), key: readFileSync(join(CERTIFICATE, "../key.pem")) },
  });
  readonly origin = this.server.url.origin;
  /** The same files over https, for whoever trusts CERTIFICATE. */
  readonly secureOrigin = this.secureServer.url.origin;
  /** The environment that takes the release from here: two words, for it comes without https. */
  readonly mirror = { KUSTOMER_SYNC_BASE_URL: this.origin, KUSTOMER_SYNC_TRY_LOCAL: "http" };

  async stop(): Promise<void> {
    await this.server.stop(true);
    await this.secureServer.stop(true);
    rmSync(this.folder, { recursive: true, force: true });
  }

  newFolder(): string {
    const path = join(this.folder, `home of ${++this.count}`);
    mkdirSync(path);
    return path;
  }

  /** Puts a release on the server, every archive with this program in it. */
  async release(program = PROGRAM): Promise<void> {
    this.files.clear();
    this.asked.length = 0;
    const place = mkdtempSync(join(this.folder, "release-"));
    await fakeRelease(place, program);
    for (const name of readdirSync(place)) this.files.set(name, readFileSync(join(place, name)));
  }

  start(options: Options = {}) {
    const home = this.newFolder();
    const bin = join(home, "bin");
    mkdirSync(bin);
    const { fakes = LINUX, only, into = join(home, "here"), shell = ["sh"] } = options;
    for (const [name, body] of Object.entries(fakes)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    for (const name of only ?? []) if (!(name in fakes)) symlinkSync(Bun.which(name)!, join(bin, name));
    const child = Bun.spawn([Bun.which(shell[0]!)!, ...shell.slice(1), SCRIPT], {
      cwd: home,
      detached: true,
      env: {
        HOME: home,
        PATH: only === undefined ? `${bin}:${process.env.PATH}` : bin,
        ...this.mirror,
        ...(into === null ? {} : { KUSTOMER_SYNC_INSTALL_DIR: into }),
        ...options.env,
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    return { child, home, place: into ?? join(home, ".local/bin") };
  }

  /** Runs install.sh to its end, and tells what it said and what is in the folder then. */
  async install(options: Options = {}) {
    const { child, home, place } = this.start(options);
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    const left = existsSync(place) ? readdirSync(place) : [];
    const text = left.includes("kustomer-sync") ? readText(join(place, "kustomer-sync")) : null;
    return { code, stdout, stderr, home, place, left, text };
  }
}

/** All archives, sums and install.sh of a release in a folder, made of a script in place of the program. */
export async function fakeRelease(place: string, program: string): Promise<void> {
  const binary = join(place, "kustomer-sync");
  writeFileSync(binary, program, { mode: 0o755 });
  const archives = TARGETS.map((target) => join(place, target.archive));
  for (const [nth, archive] of archives.entries()) {
    const same = archives[nth - 1];
    if (same?.endsWith(".gz") && archive.endsWith(".gz")) copyFileSync(same, archive);
    else await pack({ archive, binary, texts: TEXTS.map((name) => join(ROOT, name)) });
  }
  rmSync(binary);
  const installer = join(place, "install.sh");
  copyFileSync(SCRIPT, installer);
  writeFileSync(join(place, "SHA256SUMS"), checksums([...archives, installer]));
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A folder of that name.
    return null;
  }
}
