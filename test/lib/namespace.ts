/** Processes in a namespace of process numbers of their own, as each container has: the first in it is number 1. */

const UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

/** Where root is not given, or the system lacks it (Linux has it), there can be none: those tests are skipped. */
export const canUnshare = (() => {
  try {
    return Bun.spawnSync([...UNSHARE, "true"]).success;
  } catch {
    return false;
  }
})();

/** What to put before a command, so that it is number 1. */
export function unshared(): readonly string[] {
  return UNSHARE;
}

/** Kills a process, and waits until all that it started, which the end of its output shows, has ended too. */
export async function ended(
  process: { kill: (signal: "SIGKILL") => void; exited: Promise<number> },
  output: { read: () => Promise<{ done: boolean }> },
): Promise<void> {
  process.kill("SIGKILL");
  await process.exited;
  while (!(await output.read()).done) {
    // What it had still said.
  }
}
