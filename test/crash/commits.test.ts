/**
 * Law 2: a process that is killed at any instant loses nothing. Children die at every commit of a sync: before,
 * in the middle of, and after it. Whoever goes on leaves the same bytes as one that was never interrupted, and
 * asks again only for what was in flight. CRASH_SEEDS=4 tries every place on that many accounts, from
 * CRASH_FIRST on.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { STREAMS } from "../../src/streams/index.ts";
import { temporaryFolder } from "../e2e/program.ts";
import { type Kill, PLACES, type Told } from "./child.ts";
import { compareDumps, dump, each, runChild, runWhole, startStillSandbox } from "./scenario.ts";

const SEEDS = Number(process.env.CRASH_SEEDS ?? 0);
const FIRST = Number(process.env.CRASH_FIRST ?? 1);
const LANES = cpus().length + 1;

/** Few rows on small pages: every kind of step (old and new rows, ties, lists) in some twenty commits. */
const PAGE_SIZE = 20;
const rowsOf = (seed: number) => (SEEDS > 0 ? 120 + ((seed * 67) % 400) : 150);

const folder = temporaryFolder();
afterAll(folder.remove);

type Case = {
  readonly seed: number;
  readonly concurrency: number;
  readonly places: readonly Kill["place"][];
};

/** The short version meets every commit at both concurrencies; the long one meets everything. */
const CASES: readonly Case[] =
  SEEDS === 0
    ? [
        { seed: 1, concurrency: 1, places: ["before", "unsaved"] },
        { seed: 2, concurrency: 8, places: ["midway", "after"] },
        { seed: 3, concurrency: 8, places: ["answered"] },
      ]
    : Array.from({ length: SEEDS }, (_, i) =>
        [1, 8].flatMap((concurrency) =>
          [PLACES.filter((place) => place !== "answered"), ["answered" as const]].map((places) => ({
            seed: FIRST + i,
            concurrency,
            places,
          })),
        ),
      ).flat();

type Reference = {
  readonly told: Told;
  readonly lines: readonly string[];
  readonly requests: number;
  /** Requests for lists, which are read whole by each run. */
  readonly listRequests: number;
};

for (const { seed, concurrency, places } of CASES) {
  describe(`account ${seed}, ${concurrency} at a time`, () => {
    const rows = rowsOf(seed);
    const serve = () => startStillSandbox({ rows, seed });
    let reference: Reference;
    beforeAll(async () => {
      reference = await readWhole(`whole-${seed}-${concurrency}-${places.join("-")}`, serve, concurrency);
    }, 60_000);

    test(`a kill ${places.join(", ")} at each commit loses nothing and costs what was in flight`, async () => {
      const { told, lines, requests, listRequests } = reference;
      const times = places.includes("answered") ? told.answers : told.commits;
      expect(times).toBeGreaterThan(15);
      const wrong: Record<string, unknown> = {};
      await each(
        Array.from({ length: times }, (_, i) => i + 1),
        LANES,
        async (nth) => {
          const left: string[][] = [];
          for (const place of places) {
            const sandbox = await serve();
            try {
              const db = join(folder.path, `${seed}-${concurrency}-${place}-${nth}.db`);
              const task = { url: sandbox.url, db, concurrency, pageSize: PAGE_SIZE };
              const died = await runChild({ ...task, kill: { place, nth } });
              if (died.signal !== "SIGKILL") throw new Error(`it ended ${died.code}: ${died.stderr}`);
              if (NOT_YET.includes(place)) left.push(dump(db));
              await runWhole(task);
              const found = compareDumps(dump(db), lines);
              if (found.length > 0) wrong[`${place} ${nth}`] = found;
              const stats = sandbox.stats();
              if (stats.duplicates > concurrency + AGAIN)
                wrong[`${place} ${nth}`] ??= `${stats.duplicates} searches twice`;
              const most = requests + 1 + concurrency + AGAIN + COUNTED + listRequests;
              if (stats.requests > most)
                wrong[`${place} ${nth}`] ??= `${stats.requests} requests, ${most} at most`;
            } finally {
              await sandbox.stop();
            }
          }
          // One at a time the order is always the same, and so is what the commits before left behind.
          if (concurrency > 1) return;
          for (const lines of left.slice(1)) {
            const found = compareDumps(lines, left[0]!);
            if (found.length > 0) wrong[`${places} ${nth}`] = ["part of a commit is there", ...found];
          }
        },
      );
      expect(wrong).toEqual({});
    }, 600_000);
  });
}

/** Places at which nothing of the commit may be in the file yet. */
const NOT_YET: readonly Kill["place"][] = ["before", "midway", "unsaved"];

/** Streams of which a second run asks for both sources' open ends again. */
const SEARCHED = STREAMS.filter(({ read }) => read.by === "search").length;
const AGAIN = 2 * SEARCHED;
/** And counts, in both sources at times. */
const COUNTED = 2 * SEARCHED;

async function readWhole(
  name: string,
  serve: () => Promise<Sandbox>,
  concurrency: number,
): Promise<Reference> {
  const sandbox = await serve();
  try {
    const db = join(folder.path, `${name}.db`);
    const told = await runWhole({ url: sandbox.url, db, concurrency, pageSize: PAGE_SIZE });
    const { requests, duplicates, byPath } = sandbox.stats();
    if (duplicates > 0) throw new Error(`an uninterrupted run searched ${duplicates} times twice`);
    const lists = STREAMS.flatMap(({ read }) => (read.by === "list" ? [`GET ${read.path}`] : []));
    // What a list leads to lies below it.
    const isOfList = (path: string) => lists.some((list) => path === list || path.startsWith(`${list}/`));
    const listRequests = Object.entries(byPath).reduce(
      (sum, [path, count]) => sum + (isOfList(path) ? count : 0),
      0,
    );
    return { told, lines: dump(db), requests, listRequests };
  } finally {
    await sandbox.stop();
  }
}
