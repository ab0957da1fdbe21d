/**
 * `bun run release`: the binaries of every target, packed, with SHA256SUMS and install.sh, in dist/release; that of
 * this machine is tried from its archive. `--targets linux-x64,darwin-arm64` makes some of them; `--try` makes
 * none, and tries what is in dist/release, of which something must be for this machine. `--check-tag v0.1.0` makes none
 * either, and prints that version's notes when the tag, package.json and CHANGELOG.md are of one version.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { compile, ROOT } from "./compile.ts";
import { checksums, pack } from "./release/archive.ts";
import { checkTag, notesOf } from "./release/changelog.ts";
import { signAdHoc, wrongPages } from "./release/mach-signature.ts";
import { hostTarget, TARGETS, type Target, TEXTS } from "./release/targets.ts";
import { tryRelease } from "./release/trial.ts";

const RELEASE = join(ROOT, "dist/release");

/** The chosen targets; throws for a name that is none. */
function chosen(names: string | undefined): readonly Target[] {
  if (names === undefined) return TARGETS;
  return names.split(",").map((name) => {
    const target = TARGETS.find((each) => each.name === name.trim());
    if (target === undefined) {
      throw new Error(`there is no target ${name}; there are ${TARGETS.map((each) => each.name).join(", ")}`);
    }
    return target;
  });
}

async function make(target: Target): Promise<string> {
  const folder = join(ROOT, "dist/targets", target.name);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, target.binary);
  rmSync(outfile, { force: true });
  if (!compile({ outfile, target: target.bun })) throw new Error(`${target.name} could not be compiled`);
  if (target.name.startsWith("darwin")) {
    const binary = readFileSync(outfile);
    if (wrongPages(binary) !== 0) {
      console.log(`  signed: ${signAdHoc(binary, "kustomer-sync")} pages`);
      writeFileSync(outfile, binary);
    }
    if (wrongPages(binary) !== 0) throw new Error(`${target.name} could not be signed`);
  }
  const archive = join(RELEASE, target.archive);
  await pack({ archive, binary: outfile, texts: TEXTS.map((name) => join(ROOT, name)) });
  const megabytes = (path: string) => `${(statSync(path).size / 1e6).toFixed(1)} MB`;
  console.log(`${target.archive}: ${megabytes(archive)}, ${megabytes(outfile)} unpacked`);
  return archive;
}

async function makeAll(targets: readonly Target[]): Promise<void> {
  rmSync(RELEASE, { recursive: true, force: true });
  mkdirSync(RELEASE, { recursive: true });
  const archives: string[] = [];
  for (const target of targets) archives.push(await make(target));
  const installer = join(RELEASE, "install.sh");
  copyFileSync(join(ROOT, "install.sh"), installer);
  writeFileSync(join(RELEASE, "SHA256SUMS"), checksums([...archives, installer]));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      targets: { type: "string" },
      try: { type: "boolean", default: false },
      "check-tag": { type: "string" },
    },
  });
  const tag = values["check-tag"];
  if (tag !== undefined) {
    const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
    checkTag(tag, manifest.version, changelog);
    process.stdout.write(notesOf(changelog, manifest.version));
    return;
  }
  const targets = chosen(values.targets);
  const host = hostTarget();
  const isForHost = host !== null && targets.includes(host);
  // Who asks for nothing else must not be told that all is well.
  if (values.try && !isForHost) throw new Error("no archive is for this machine: none can be tried");
  if (!values.try) await makeAll(targets);
  const tried = await tryRelease(RELEASE, targets, manifest.version);
  console.log(
    tried === null
      ? "no archive is for this machine: none was tried"
      : `${tried.archive} was unpacked, installed, and works`,
  );
}

try {
  await main();
} catch (error) {
  console.error(`error: release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
