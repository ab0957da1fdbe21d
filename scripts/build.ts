/**
 * Compiles the binary for this machine to dist/kustomer-sync, or to `--outfile PATH`. Only the Bun that package.json pins may do so,
 * because the binary carries the Bun that built it.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dir, "..");
const pinned = manifest.packageManager.replace(/^bun@/, "");

/** The commit being built, or `unknown` outside a git checkout. */
function commit(): string {
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: root, stderr: "ignore" });
  return git.success ? git.stdout.toString().trim() : "unknown";
}

function build(outfile: string): number {
  const args = [
    ...["build", "--compile", "--format=esm", "--sourcemap"],
    // A binary would otherwise load `.env` and run the preloads of a bunfig.toml in whatever folder it is used.
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    ...["--define", `BUILD_VERSION=${JSON.stringify(manifest.version)}`],
    ...["--define", `BUILD_COMMIT=${JSON.stringify(commit())}`],
    ...[join("src", "main.ts"), "--outfile", outfile],
  ];
  return Bun.spawnSync([process.execPath, ...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
    .exitCode;
}

if (Bun.version !== pinned) {
  console.error(
    `error: build: this is Bun ${Bun.version}, package.json pins ${pinned}\n  try: npx -y bun@${pinned} run build`,
  );
  process.exitCode = 1;
} else {
  const outfile = { type: "string", default: join("dist", "kustomer-sync") } as const;
  process.exitCode = build(parseArgs({ options: { outfile } }).values.outfile);
}
