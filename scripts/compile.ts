/**
 * Compiles the program with the Bun that runs this, which must be the one that package.json pins: a binary carries
 * the Bun that made it.
 */
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };

export const ROOT = join(import.meta.dir, "..");
export const PINNED_BUN = manifest.packageManager.replace(/^bun@/, "");

export type Compilation = {
  /** The path of the binary; its last part goes into it, so that another name makes another binary. */
  readonly outfile: string;
  /** A target of Bun's, such as `bun-linux-arm64`; default: this machine. */
  readonly target?: string;
};

/** Compiles; true when it worked. Says why not on stderr. */
export function compile({ outfile, target }: Compilation): boolean {
  if (Bun.version !== PINNED_BUN) {
    console.error(
      `error: build: this is Bun ${Bun.version}, package.json pins ${PINNED_BUN}\n  try: npx -y bun@${PINNED_BUN} run build`,
    );
    return false;
  }
  const args = [
    ...["build", "--compile", "--format=esm", "--sourcemap"],
    // A binary would otherwise load `.env` and run the preloads of a bunfig.toml in whatever folder it is used.
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    ...["--define", `BUILD_VERSION=${JSON.stringify(manifest.version)}`],
    ...["--define", `BUILD_COMMIT=${JSON.stringify(commit())}`],
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...[join("src", "main.ts"), "--outfile", outfile],
  ];
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return exitCode === 0;
}

/** The commit being built, or `unknown` outside a git checkout. */
function commit(): string {
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: ROOT, stderr: "ignore" });
  return git.success ? git.stdout.toString().trim() : "unknown";
}
