/**
 * A lease that is kept as a file in a folder, `<stem><number><end>`: the file with the highest number belongs to the
 * holder. A number is taken by making its file, which only one can do, and taking over is taking the next number; so two
 * that find the same holder dead never both hold it. Links, and files of that name with something else in them, are left alone.
 */
import { lstatSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Held, Holder, LeaseStore } from "./lease.ts";
import { FILE_MODE } from "./modes.ts";

export type LeaseName = { readonly stem: string; readonly end: string };

const HOLDER = v.object({
  token: v.string(),
  pid: v.number(),
  place: v.nullable(v.string()),
  began: v.nullable(v.string()),
  host: v.string(),
  command: v.string(),
  started_at: v.string(),
});

/** No lease is longer. */
const MOST_BYTES = 4_096;

type Found = Held & { readonly number: number };

export function fileLease(folder: string, { stem, end }: LeaseName): LeaseStore {
  const nameOf = (number: number) => `${stem}${number}${end}`;
  const pathOf = (number: number) => join(folder, nameOf(number));

  function find(): Found[] {
    return leaseNumbers(folder, { stem, end }).flatMap((number): Found[] => {
      const held = readLease(pathOf(number));
      return held === null ? [] : [{ ...held, number }];
    });
  }

  const mineOf = (holder: Holder) => find().find(({ holder: { token } }) => token === holder.token) ?? null;

  return {
    look: () => find()[0] ?? null,
    take(holder, found) {
      const there = find();
      if (!isSame(there[0] ?? null, found)) return false;
      const number = 1 + Math.max(0, ...leaseNumbers(folder, { stem, end }));
      const path = pathOf(number);
      try {
        writeFileSync(path, JSON.stringify(holder), { flag: "wx", mode: FILE_MODE });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
        throw error;
      }
      // Somebody who found nobody, or somebody else, may have been as fast.
      const known = new Set([holder.token, ...there.map(({ holder: { token } }) => token)]);
      if (find().some(({ holder: { token } }) => !known.has(token))) {
        rmSync(path, { force: true });
        return false;
      }
      for (const { number } of there) rmSync(pathOf(number), { force: true });
      return true;
    },
    beat(holder) {
      const mine = mineOf(holder);
      if (mine === null || mine.number !== find()[0]?.number) return false;
      const now = new Date();
      utimesSync(pathOf(mine.number), now, now);
      return true;
    },
    pathOf(holder) {
      const mine = mineOf(holder);
      return mine === null ? null : pathOf(mine.number);
    },
    drop(holder) {
      const mine = mineOf(holder);
      if (mine !== null) rmSync(pathOf(mine.number), { force: true });
    },
  };
}

/** Whether a file of a folder, by its name and by what it holds, is a lease. */
export function isLease(folder: string, name: string, leaseName: LeaseName): boolean {
  return numberOf(name, leaseName) !== null && readLease(join(folder, name)) !== null;
}

/** The numbers that are taken, highest first, by whatever. */
function leaseNumbers(folder: string, leaseName: LeaseName): number[] {
  const numbers = namesIn(folder).flatMap((name) => numberOf(name, leaseName) ?? []);
  return numbers.sort((one, other) => other - one);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function numberOf(name: string, { stem, end }: LeaseName): number | null {
  if (!name.startsWith(stem) || !name.endsWith(end)) return null;
  const digits = name.slice(stem.length, name.length - end.length);
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : null;
}

/** Null for what is no lease. One that nobody ended writing is of a process that is not known. */
function readLease(path: string): Held | null {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.size > MOST_BYTES) return null;
    const text = readFileSync(path, "utf8");
    const holder = text === "" ? { ...UNKNOWN, token: `? ${stats.ino}` } : v.parse(HOLDER, JSON.parse(text));
    // Looked at after it was opened: a network file system answers anew then.
    const { ino, mtimeMs } = lstatSync(path);
    return { holder, sign: `${ino} ${mtimeMs}` };
  } catch {
    return null;
  }
}

const UNKNOWN: Omit<Holder, "token"> = {
  pid: 0,
  place: null,
  began: null,
  host: "?",
  command: "another command",
  started_at: "?",
};

function isSame(one: Held | null, other: Held | null): boolean {
  if (one === null || other === null) return one === other;
  return one.holder.token === other.holder.token && one.sign === other.sign;
}
