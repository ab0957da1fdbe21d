/** The rules of every lease, on one that is kept as a file: who lives keeps it, who is gone or silent gives way. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/lib/errors.ts";
import { createLease, type Pace } from "../../src/lib/lease.ts";
import { fileLease, isLease } from "../../src/lib/lease-file.ts";
import { markSelf } from "../../src/lib/process.ts";

const NAME = { stem: "thing-", end: ".lease" };
const PATIENT: Pace = { beatMs: 1e9, silenceMs: 1e9, lookMs: 1 };
const BRIEF: Pace = { ...PATIENT, silenceMs: 20 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kustomer-sync-lease-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const words = {
  busy: ({ holder }: { holder: { token: string } }) => new AppError("store-busy", `held by ${holder.token}`),
  lost: () => new AppError("store-busy", "lost"),
};
const lease = (pace: Pace = PATIENT) => createLease(fileLease(folder, NAME), words, { pace });
const files = () => readdirSync(folder).sort();

/** A lease of somebody else, by default one that cannot be asked. */
function leave(number: number, more: object = {}): string {
  const path = join(folder, `thing-${number}.lease`);
  const holder = {
    ...markSelf(),
    place: "elsewhere",
    token: `left ${number}`,
    host: "h",
    command: "c",
    started_at: "t",
  };
  writeFileSync(path, JSON.stringify({ ...holder, ...more }));
  return path;
}

test("is one's own until it is given back, and then nothing is left", async () => {
  const [one, other] = [lease(), lease()];
  await one.acquire("export");
  await expect(other.acquire("export")).rejects.toThrow(`held by ${one.token}`);
  one.verify();
  one.release();
  await other.acquire("export");
  other.release();
  other.release();
  expect(files()).toEqual([]);
});

test("of many that want it at the same moment, over one that is gone, one has it and none else", async () => {
  for (let round = 0; round < 20; round += 1) {
    leave(7, { place: markSelf().place, pid: Bun.spawnSync(["true"]).pid });
    const all = Array.from({ length: 5 }, () => lease());
    const ends = await Promise.allSettled(all.map((each) => each.acquire("export")));
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(files()).toHaveLength(1);
    for (const each of all) each.release();
  }
});

describe("of processes that take over from each other", () => {
  test("who lost it is told, gives nothing back, and who took it has it", async () => {
    const [one, other] = [lease(), lease()];
    await one.acquire("export");
    await other.acquire("export", { takeOver: true });
    expect(() => one.verify()).toThrow(`held by ${other.token}`);
    one.release();
    other.verify();
    expect(files()).toHaveLength(1);
  });

  test("one whose file was removed is told", async () => {
    const one = lease();
    await one.acquire("export");
    for (const name of files()) rmSync(join(folder, name));
    expect(() => one.verify()).toThrow("lost");
  });

  test("one that found somebody else meanwhile than it judged steps back", async () => {
    const store = fileLease(folder, NAME);
    leave(3);
    const found = store.look();
    leave(4);
    const mine = { ...found!.holder, token: "mine" };
    expect(store.take(mine, found)).toBe(false);
    expect(files()).toEqual(["thing-3.lease", "thing-4.lease"]);
    expect(store.take(mine, null)).toBe(false);
    expect(store.take(mine, store.look())).toBe(true);
    expect(files()).toEqual(["thing-5.lease"]);
  });

  test("one that gave a sign of life after it was judged silent keeps it", () => {
    const store = fileLease(folder, NAME);
    const path = leave(3);
    const found = store.look();
    utimesSync(path, new Date(5), new Date(5));
    expect(store.take({ ...found!.holder, token: "mine" }, found)).toBe(false);
    expect(files()).toEqual(["thing-3.lease"]);
  });
});

describe("a holder that cannot be asked", () => {
  const FAST_CLOCK = new Date("2099-01-01");

  test.each([new Date(), new Date(0), FAST_CLOCK])(
    "and was heard of at %p keeps it by a sign of life",
    async (at) => {
      const path = leave(1);
      utimesSync(path, at, at);
      const onWatch = () => utimesSync(path, new Date(at.getTime() + 5_000), new Date(at.getTime() + 5_000));
      await expect(lease().acquire("export", { onWatch })).rejects.toThrow("held by left 1");
    },
  );

  test.each([new Date(), new Date(0), FAST_CLOCK])(
    "and was heard of at %p loses it by silence",
    async (at) => {
      const path = leave(1);
      utimesSync(path, at, at);
      const one = lease(BRIEF);
      await one.acquire("export");
      one.verify();
      expect(files()).toEqual(["thing-2.lease"]);
      one.release();
    },
  );

  test("because it was killed while it wrote its name loses it too", async () => {
    writeFileSync(join(folder, "thing-1.lease"), "");
    const one = lease(BRIEF);
    await one.acquire("export");
    expect(files()).toEqual(["thing-2.lease"]);
    one.release();
  });
});

test("what has the name of a lease and is none is left alone: a link, a folder, another text", async () => {
  writeFileSync(join(folder, "thing-5.lease"), "a letter to my aunt");
  symlinkSync("/etc/hostname", join(folder, "thing-6.lease"));
  mkdirSync(join(folder, "thing-7.lease"));
  writeFileSync(join(folder, "thing-8.lease"), "x".repeat(100_000));
  writeFileSync(join(folder, "thing-9999999999999.lease"), "{}");
  const before = files();
  expect(before.filter((name) => isLease(folder, name, NAME))).toEqual([]);
  const one = lease();
  await one.acquire("export");
  expect(files().filter((name) => !before.includes(name))).toEqual(["thing-9.lease"]);
  one.verify();
  one.release();
  expect(files()).toEqual(before);
});
