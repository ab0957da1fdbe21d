/**
 * Tries a packed program as somebody who has just downloaded it: unpacked into a folder of its own, whose `.env` and
 * bunfig.toml want it to do something else. And tries install.sh as somebody who found it in the README.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { unzipSync } from "fflate";
import { extract } from "tar";

const HOSTILE_ENV = [
  "KUSTOMER_API_URL=http://127.0.0.1:9",
  "KUSTOMER_API_KEY=somebody-elses",
  "KUSTOMER_SYNC_DB=hostile.db",
  "BUN_OPTIONS=--preload ./hostile.ts",
  "NO_COLOR=",
].join("\n");

async function unpack(archive: string, folder: string): Promise<void> {
  if (!archive.endsWith(".zip")) return extract({ file: archive, cwd: folder });
  const files = unzipSync(readFileSync(archive));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

/** Throws, saying what went wrong, unless the program in the archive says its version, shows its demo, and exports it. */
export async function smokeTest(archive: string, binary: string, version: string): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kustomer-sync-smoke-")));
  try {
    const home = join(folder, "home");
    const work = join(folder, "work");
    for (const each of [home, work]) mkdirSync(each);
    await unpack(archive, home);
    writeFileSync(join(work, ".env"), HOSTILE_ENV);
    writeFileSync(join(work, "bunfig.toml"), 'preload = ["./hostile.ts"]\n');
    writeFileSync(
      join(work, "hostile.ts"),
      'require("node:fs").writeFileSync("preloaded", ""); throw new Error("preloaded");\n',
    );
    const program = join(home, binary);
    const run = async (...args: string[]) => {
      const child = Bun.spawn([program, ...args], {
        cwd: work,
        env: { PATH: process.env.PATH ?? "", HOME: home },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      if (code !== 0) throw new Error(`kustomer-sync ${args.join(" ")} ended ${code}: ${err}`);
      return out;
    };
    const said = (await run("--version")).trim();
    if (said !== `kustomer-sync ${version}`) throw new Error(`--version said "${said}"`);
    await run("demo");
    const { streams } = JSON.parse(await run("status", "--db", "demo.db", "--json")) as {
      streams: { stream: string; rows: number; complete: boolean }[];
    };
    const lacking = streams.filter(({ rows, complete }) => rows === 0 || !complete);
    if (streams.length === 0 || lacking.length > 0) throw new Error(`demo left ${JSON.stringify(lacking)}`);
    await run("snapshot", "copy.db", "--db", "demo.db");
    for (const format of ["csv", "ndjson", "parquet"]) {
      await run("export", "--db", "copy.db", "--format", format, "--compress", "zstd", "--out", format);
      if (!existsSync(join(work, format, "_manifest.json")))
        throw new Error(`the export as ${format} is not whole`);
    }
    for (const trace of ["preloaded", "hostile.db", "kustomer.db"]) {
      if (existsSync(join(work, trace))) throw new Error(`it did what the folder's files say: ${trace}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws, saying what went wrong, unless install.sh installs this version from a folder that is served as a release is. */
export async function installTest(release: string, version: string): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kustomer-sync-smoke-")));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => new Response(Bun.file(join(release, basename(new URL(url).pathname)))),
  });
  try {
    const child = Bun.spawn(["sh", join(release, "install.sh")], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: folder,
        KUSTOMER_SYNC_BASE_URL: server.url.origin,
        KUSTOMER_SYNC_TRY_LOCAL: "http",
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`install.sh ended ${code}: ${err}`);
    const installed = join(folder, ".local/bin/kustomer-sync");
    if (!existsSync(installed) || !out.startsWith(`kustomer-sync ${version} is in ${installed}\n`)) {
      throw new Error(`install.sh said "${out.trim()}"`);
    }
  } finally {
    await server.stop(true);
    rmSync(folder, { recursive: true, force: true });
  }
}
