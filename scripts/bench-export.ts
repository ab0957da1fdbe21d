/**
 * How fast an export is, against what somebody would use instead, where that is on the machine: the sqlite3 shell,
 * and DuckDB's COPY of a table that it holds in memory. Each is run three times by turns, and the middle one counts.
 */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { watchPeak } from "./peak-memory.ts";

const TIMES = 3;
/** A query that gives what an export does, which leaves deleted rows out. */
const QUERY = "SELECT * FROM conversations WHERE _deleted_at IS NULL";

type Export = { readonly format: string; readonly args: readonly string[]; readonly instead: Instead | null };
type Instead = { readonly name: string; readonly run: () => Promise<number> };
type Measured = { readonly seconds: number; readonly peakMb: number | null };

/** Exports the conversations of a file in each format, and returns lines of what it took. */
export async function benchExports(program: string, db: string, folder: string): Promise<[string, string][]> {
  const out = join(folder, "export");
  const once = async ({ format, args }: Export): Promise<Measured> => {
    rmSync(out, { recursive: true, force: true });
    const command = [
      "export",
      "conversations",
      "--db",
      db,
      "--out",
      out,
      "--format",
      format,
      ...args,
      "--quiet",
    ];
    const begun = performance.now();
    const child = Bun.spawn([program, ...command], { stdout: "ignore", stderr: "inherit" });
    const watch = watchPeak(child.pid);
    if ((await child.exited) !== 0) throw new Error(`export ended ${child.exitCode}`);
    const peak = watch.stop();
    return { seconds: (performance.now() - begun) / 1_000, peakMb: peak === null ? null : peak / 1e6 };
  };

  await once({ format: "parquet", args: [], instead: null });
  await using duckdb = await openDuckdb(join(out, "conversations.parquet"), folder);
  const exports: Export[] = [
    { format: "csv", args: [], instead: shell(db, folder, "-csv", "-header") },
    { format: "ndjson", args: [], instead: shell(db, folder, "-json") },
    { format: "parquet", args: ["--compress", "zstd"], instead: duckdb.copy("zstd") },
    { format: "parquet", args: ["--compress", "none"], instead: duckdb.copy("uncompressed") },
  ];
  const lines: [string, string][] = [];
  for (const one of exports) {
    const ours: Measured[] = [];
    const theirs: number[] = [];
    for (let nth = 0; nth < TIMES; nth += 1) {
      ours.push(await once(one));
      if (one.instead !== null) theirs.push(await one.instead.run());
    }
    const seconds = median(ours.map((each) => each.seconds));
    const peaks = ours.flatMap(({ peakMb }) => (peakMb === null ? [] : [peakMb]));
    const size = Bun.spawnSync(["du", "-sm", out]).stdout.toString().split("\t")[0];
    const against =
      one.instead === null
        ? "nothing to compare with here"
        : `${one.instead.name} ${median(theirs).toFixed(1)} s: ${(median(theirs) / seconds).toFixed(2)} of its speed`;
    const peak = peaks.length === 0 ? "" : `, ${Math.max(...peaks).toFixed(0)} MB of memory`;
    lines.push([
      [one.format, ...one.args.slice(1)].join(", "),
      `${seconds.toFixed(1)} s, ${size} MB${peak}; ${against}`,
    ]);
  }
  return lines;
}

function shell(db: string, folder: string, ...flags: string[]): Instead | null {
  const sqlite3 = Bun.which("sqlite3");
  if (sqlite3 === null) return null;
  return {
    name: `sqlite3 ${flags[0]}`,
    run: async () => {
      const file = join(folder, "shell.out");
      rmSync(file, { force: true });
      const begun = performance.now();
      const child = Bun.spawn([sqlite3, "-readonly", ...flags, db, QUERY], { stdout: Bun.file(file) });
      await child.exited;
      return (performance.now() - begun) / 1_000;
    },
  };
}

async function openDuckdb(parquet: string, folder: string) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE conversations AS SELECT * FROM '${parquet}'`);
  const file = join(folder, "duckdb.parquet");
  return {
    copy: (compression: string): Instead => ({
      name: "DuckDB's COPY",
      run: async () => {
        rmSync(file, { force: true });
        const begun = performance.now();
        await connection.run(`COPY conversations TO '${file}' (FORMAT parquet, COMPRESSION ${compression})`);
        if (statSync(file).size === 0) throw new Error("DuckDB wrote nothing");
        return (performance.now() - begun) / 1_000;
      },
    }),
    [Symbol.asyncDispose]: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1]!;
}
