/** What a release is made for: names that install.sh and people's scripts rely on, and that never change. */

export type Target = {
  /** `OS-ARCH`, with `-musl` where that is the C library. */
  readonly name: string;
  /** What Bun calls it. */
  readonly bun: string;
  readonly binary: string;
  readonly archive: string;
};

const NAMES = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-arm64",
  "darwin-x64",
  "windows-x64",
];

export const TARGETS: readonly Target[] = NAMES.map((name) => {
  const isWindows = name.startsWith("windows");
  return {
    name,
    bun: `bun-${name}`,
    binary: isWindows ? "kustomer-sync.exe" : "kustomer-sync",
    archive: `kustomer-sync-${name}.${isWindows ? "zip" : "tar.gz"}`,
  };
});

/** What goes beside the program, from the top of the repository; install.sh refuses an archive that holds more. */
export const TEXTS: readonly string[] = ["README.md", "LICENSE", "CHANGELOG.md"];

/** The target that this machine runs, which is the one that install.sh takes; null for a machine that there is none for. */
export function hostTarget(): Target | null {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = `${os}-${process.arch}${os === "linux" && isMusl() ? "-musl" : ""}`;
  return TARGETS.find((target) => target.name === name) ?? null;
}

/** musl's loader may lie beside glibc, as Debian's package has it: it says nothing where there is an ldd to ask. */
function isMusl(): boolean {
  const ldd = Bun.which("ldd");
  if (ldd === null) return [...new Bun.Glob("ld-musl-*").scanSync("/lib")].length > 0;
  const { stdout, stderr } = Bun.spawnSync([ldd, "--version"]);
  return /musl/i.test(`${stdout}${stderr}`);
}
