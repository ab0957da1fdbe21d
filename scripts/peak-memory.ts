/** How much memory another process had at most, for the benchmark, the soak and the tests. */
import { readFileSync } from "node:fs";

/**
 * Watches a process until `stop`, which tells the most memory it had (bytes), as the kernel counts it; null where
 * there is no /proc. What a parent is told at the end is at least the parent's own size, and no use for a small child.
 */
export function watchPeak(pid: number): { stop: () => number | null } {
  let peak: number | null = null;
  const look = () => {
    try {
      const told = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
      if (told !== null) peak = Number(told[1]) * 1_024;
    } catch {
      // Ended, or no /proc.
    }
  };
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}
