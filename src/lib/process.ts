/**
 * Which process somebody was, and whether it runs still. A number alone tells neither: in every container the first
 * process is 1, two machines may have one name, and the numbers of processes that ended are given out again.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";

export type ProcessMark = {
  readonly pid: number;
  /** Where numbers of processes mean the same; null where that cannot be told. */
  readonly place: string | null;
  /** When it began, in the system's own count; null where that cannot be told. */
  readonly began: string | null;
};

/** This process. */
export function markSelf(): ProcessMark {
  return { pid: process.pid, place: placeOf(), began: beganAt(process.pid) };
}

/** Whether a process runs: `gone` and `running` are certain, and `unknown` is all that may not be asked or told. */
export function lookForProcess(mark: ProcessMark): "running" | "gone" | "unknown" {
  if (mark.place === null || mark.place !== placeOf()) return "unknown";
  if (!isRunning(mark.pid)) return "gone";
  const began = beganAt(mark.pid);
  if (mark.began === null || began === null) return "unknown";
  return mark.began === began ? "running" : "gone";
}

/** Whether a process of this number runs here; true where that may not be known, as of another user's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** On Linux the boot and the namespace of process numbers; elsewhere, where there is none, the machine. */
function placeOf(): string | null {
  if (process.platform !== "linux") {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const macs = addresses.filter(({ internal }) => !internal).map(({ mac }) => mac);
    return [process.platform, hostname(), ...[...new Set(macs)].sort()].join(" ");
  }
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return null;
  }
}

/** The system's count of when a process began: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22. */
function beganAt(pid: number): string | null {
  if (process.platform !== "linux") return null;
  // A /proc that was mounted for others counts processes as they do.
  return statOf("self")?.[0] === String(process.pid) ? (statOf(String(pid))?.[21] ?? null) : null;
}

function statOf(process: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${process}/stat`, "utf8");
    // The name, the second, may hold anything, spaces and brackets too.
    const end = text.lastIndexOf(")");
    return [text.split(" ", 1)[0]!, "", ...text.slice(end + 2).split(" ")];
  } catch {
    return null;
  }
}
