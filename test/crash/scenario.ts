/** What the crash tests share: an account whose clock stands still, children, and dumps of the files they leave. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import type { Task, Told } from "./child.ts";

/** With the clock standing still two reads of the same account leave the same bytes. */
export const CLOCK = Date.UTC(2026, 10, 23, 12, 34, 56);

/** An account that is served without limits, and where nothing happens by itself. */
export function startStillSandbox(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox({ rpm: 1e9, searchRpm: 1e9, now: () => CLOCK, ...options });
}

export type Died = {
  readonly signal: NodeJS.Signals | number | null;
  readonly code: number | null;
  readonly told: Told | null;
  readonly stderr: string;
};

export function childCommand(task: Task): string[] {
  return [process.execPath, join(import.meta.dir, "child.ts"), JSON.stringify(task)];
}

/** Runs a child to its end, whichever it is. */
export async function runChild(task: Task): Promise<Died> {
  const child = Bun.spawn(childCommand(task), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const told = stdout === "" ? null : (JSON.parse(stdout) as Told);
  return { signal: child.signalCode, code: child.exitCode, told, stderr };
}

/** Runs a child that nothing interrupts; throws unless it ends with everything read. */
export async function runWhole(task: Omit<Task, "kill">): Promise<Told> {
  const { code, told, stderr } = await runChild({ ...task, kill: null });
  if (code !== 0 || told?.status !== "done") throw new Error(`a child ended ${code}: ${stderr}`);
  return told;
}

/** Every row of every table of streams and every state, as lines; our own times of writing left out. */
export function dump(path: string): string[] {
  const db = new Database(path, { readonly: true, strict: true });
  try {
    const broken = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
    if (broken[0]?.integrity_check !== "ok") throw new Error(`${path}: ${JSON.stringify(broken)}`);
    const lines: string[] = [];
    for (const { name } of STREAMS) {
      for (const row of db
        .query<Record<string, unknown>, []>(`SELECT * FROM "${name}" ORDER BY id`)
        .iterate()) {
        const { _synced_at, ...values } = row;
        if (typeof _synced_at !== "string") throw new Error(`${name} ${row.id} has no _synced_at`);
        // Columns stand in the order in which they came, which is no promise.
        lines.push(`${name} ${JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))}`);
      }
    }
    const states = "SELECT stream, state, synced_to, complete FROM _sync_state ORDER BY stream";
    for (const row of db.query<{ state: string }, []>(states).all()) {
      const { audit, ...state } = JSON.parse(row.state) as { audit?: { counted: { equal: boolean } } | null };
      // What an audit counts depends on how many there were; what it found does not.
      if (audit) Object.assign(state, { equal: audit.counted.equal });
      lines.push(`state ${JSON.stringify({ ...row, state })}`);
    }
    return lines;
  } finally {
    db.close();
  }
}

/** How two dumps differ: the first few lines that only one of them has. */
export function compareDumps(ours: readonly string[], theirs: readonly string[]): string[] {
  const [left, right] = [new Set(ours), new Set(theirs)];
  const only = (lines: readonly string[], other: Set<string>, mark: string) =>
    lines.filter((line) => !other.has(line)).map((line) => `${mark} ${line.slice(0, 2_000)}`);
  if (ours.length !== left.size || theirs.length !== right.size) throw new Error("a dump has a line twice");
  return [...only(theirs, left, "missing"), ...only(ours, right, "extra")].slice(0, 6);
}

/** Runs something on each item, a few at a time. */
export async function each<T>(
  items: readonly T[],
  lanes: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
