/**
 * A small file system of its own, in memory, that only the programs started in it see: to be full, or read-only.
 * It needs Linux, and root or user namespaces; where those are missing `canMount` is false, and says so once.
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Ended, ended, PROGRAM } from "./program.ts";

export type Mount = {
  /** Its folder, as the programs in it see it. */
  readonly path: string;
  /** The same folder, as this process sees it. */
  readonly seen: string;
  /** Runs kustomer-sync in it. */
  readonly run: (args: readonly string[], env: Record<string, string>) => Promise<Ended>;
  /** Mounts it anew with other options, such as `size=64m` or `ro`; what is in it stays. */
  readonly remount: (options: string) => Promise<void>;
} & AsyncDisposable;

const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", "--mount", ...(isRoot ? [] : ["--user", "--map-root-user"])];

/** Whether this machine lets a test mount a file system of its own. */
export const canMount = tryMount();

function tryMount(): boolean {
  if (Bun.which("unshare") === null || Bun.which("nsenter") === null)
    return refused("no unshare, no nsenter");
  const { exitCode, stderr } = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "tmpfs", tmpdir()]);
  return exitCode === 0 || refused(stderr.toString());
}

function refused(why: string): false {
  console.warn(
    `the tests that mount a file system are left out: ${why.trim()}\n` +
      "  they need Linux with util-linux, and root or user namespaces " +
      "(on Ubuntu: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0)",
  );
  return false;
}

/** Mounts a file system of `size` (such as `4m`) at a folder, which is made. */
export async function mountMemory(folder: string, size: string): Promise<Mount> {
  mkdirSync(folder, { recursive: true });
  // It lives as long as its first process, which ends with its stdin.
  const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && echo ready && exec cat`;
  const holder = Bun.spawn([...UNSHARE, "sh", "-c", script, folder], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const first = await holder.stdout.getReader().read();
  if (first.done) throw new Error(`unshare said: ${await new Response(holder.stderr).text()}`);
  const space = `/proc/${holder.pid}/ns`;
  const user = isRoot ? [] : [`--user=${space}/user`, "--preserve-credentials"];
  const enter = ["nsenter", `--mount=${space}/mnt`, ...user, "--"];
  const spawn = (command: readonly string[], env: Record<string, string> = {}) =>
    Bun.spawn([...enter, ...command], {
      env: { PATH: process.env.PATH ?? "", HOME: tmpdir(), ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  return {
    path: folder,
    seen: `/proc/${holder.pid}/root${folder}`,
    run: (args, env) => ended(spawn([...PROGRAM, ...args], env)),
    async remount(options) {
      const { code, stderr } = await ended(spawn(["mount", "-o", `remount,${options}`, folder]));
      if (code !== 0) throw new Error(`mount -o remount,${options} ended ${code}: ${stderr}`);
    },
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await holder.exited;
    },
  };
}
