/** Runs the real program, against the sandbox in a process of its own, in a folder of its own. */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { markSelf } from "../../src/lib/process.ts";
import { STREAMS } from "../../src/streams/index.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** The program from source, or the binary that KUSTOMER_SYNC_BIN names. */
export const PROGRAM: readonly string[] = process.env.KUSTOMER_SYNC_BIN
  ? [process.env.KUSTOMER_SYNC_BIN]
  : [process.execPath, MAIN];

export const KEY = "sandbox-key";

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Options = { cwd: string; env?: Record<string, string>; stdin?: string | Bun.BunFile };

/** Starts the program; only what a test gives is in its environment. */
export function start(args: readonly string[], { cwd, env = {}, stdin }: Options) {
  return Bun.spawn([...PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: cwd, ...env },
    stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : (stdin ?? "ignore"),
    stdout: "pipe",
    stderr: "pipe",
  });
}

export async function run(args: readonly string[], options: Options): Promise<Ended> {
  return ended(start(args, options));
}

export async function ended(process: ReturnType<typeof start>): Promise<Ended> {
  const [stdout, stderr, code] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { code, stdout, stderr };
}

export type SandboxProcess = {
  readonly url: string;
  /** What a command needs to reach it. */
  readonly env: Record<string, string>;
  readonly stats: () => Promise<SandboxStats>;
  readonly change: (count: number) => Promise<void>;
  /** Removes rows of a stream for good, and returns their ids. */
  readonly purge: (stream: string, count: number) => Promise<string[]>;
  readonly churn: (rate: number) => Promise<void>;
  readonly truth: (stream: string) => Promise<Version[]>;
  readonly stop: () => Promise<void>;
};

export type SandboxStats = {
  requests: number;
  searches: number;
  refused: number;
  faults: number;
  duplicates: number;
  windows: { startedAt: number; requests: number; searches: number; refused: number }[];
};

export type Version = { id: string; updatedAt: string | null; deleted: boolean };

export async function startSandboxProcess(cwd: string, args: readonly string[]): Promise<SandboxProcess> {
  const process = start(["sandbox", "--port", "0", "--json", ...args], { cwd });
  const reader = process.stdout.getReader();
  const first = await reader.read();
  if (first.value === undefined) throw new Error(`no sandbox: ${await new Response(process.stderr).text()}`);
  const { url } = JSON.parse(new TextDecoder().decode(first.value)) as { url: string };
  const ask = async (path: string, method = "GET") => {
    const answer = await fetch(`${url}/_sandbox/${path}`, { method });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.text();
  };
  return {
    url,
    env: { KUSTOMER_API_KEY: KEY, KUSTOMER_API_URL: url },
    stats: async () => JSON.parse(await ask("stats")) as SandboxStats,
    change: async (count) => void (await ask(`change?count=${count}`, "POST")),
    purge: async (stream, count) => {
      const answer = await ask(`purge?stream=${stream}&count=${count}`, "POST");
      return (JSON.parse(answer) as { purged: string[] }).purged;
    },
    churn: async (rate) => void (await ask(`churn?rate=${rate}`, "POST")),
    truth: async (stream) => {
      const lines = (await ask(`truth?stream=${stream}`)).split("\n").filter((line) => line !== "");
      return lines.map((line) => {
        const { id, updatedAt, deleted } = JSON.parse(line) as Version;
        return { id, updatedAt, deleted };
      });
    },
    stop: async () => {
      process.kill("SIGTERM");
      await process.exited;
    },
  };
}

/** What a file holds of a stream: ids, versions and deletions, by id. */
export function held(db: string, stream: string): Version[] {
  const database = new Database(db, { readonly: true });
  try {
    const sql = `SELECT id, updated_at AS updatedAt, _deleted_at IS NOT NULL AS deleted FROM "${stream}" ORDER BY id`;
    const rows = database.query<{ id: string; updatedAt: string | null; deleted: number }, []>(sql).all();
    return rows.map((row) => ({ ...row, deleted: row.deleted === 1 }));
  } finally {
    database.close();
  }
}

/** Puts a lock on a file, as a sync that is running in this process would hold it; returns since when. */
export function lockByHand(db: string): string {
  const now = new Date().toISOString();
  const { pid, place, began } = markSelf();
  const file = new Database(db);
  file.run(
    `INSERT INTO _sync_lock (only_row, token, pid, host, command, started_at, heartbeat_at, place, began)
     VALUES (1, 'another', ?, ?, 'sync', ?, ?, ?, ?)`,
    [pid, hostname(), now, now, place, began],
  );
  file.close();
  return now;
}

/** How a file differs from the sandbox, per stream; empty when every stream is equal. */
export async function differences(
  db: string,
  sandbox: Pick<SandboxProcess, "truth">,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name } of STREAMS) {
    const key = (row: Version) => `${row.id} ${row.updatedAt} ${row.deleted ? "deleted" : "live"}`;
    const ours = new Set(held(db, name).map(key));
    const theirs = new Set((await sandbox.truth(name)).map(key));
    const missing = [...theirs].filter((row) => !ours.has(row)).map((row) => `- ${row}`);
    const extra = [...ours].filter((row) => !theirs.has(row)).map((row) => `+ ${row}`);
    if (theirs.size === 0) throw new Error(`the sandbox has no ${name}`);
    if (missing.length + extra.length > 0) found[name] = [...missing, ...extra].slice(0, 10);
  }
  return found;
}

export type SyncReport = {
  run: number;
  status: string;
  requests: number;
  streams: {
    stream: string;
    status: string;
    read: number;
    written: number;
    deleted: number;
    rejected: number;
    requests: number;
    synced_to: string | null;
    error: { code: string; message: string; hint: string | null } | null;
  }[];
};

/** A folder that goes when the test's file ends. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "kustomer-sync-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
