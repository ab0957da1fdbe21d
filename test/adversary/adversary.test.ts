/**
 * No single lie of the server, or of this machine's clock, loses a row. A choice of the lies, with one seed each;
 * `bun scripts/adversary.ts` tells all of them.
 */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../e2e/program.ts";
import { Account } from "./account.ts";
import { KINDS } from "./kinds.ts";
import { KNOWN } from "./known.ts";
import { LIES } from "./lies.ts";
import { differences } from "./oracle.ts";
import { BORN } from "./scenario.ts";
import { Stage } from "./stage.ts";

/** Their names, and the seed of each: 1 lies to a later sync, 2 to the first one, 3 to two in a row. */
const CHOSEN: Readonly<Record<string, number>> = {
  "none-killed": 2,
  "date-ahead-3h": 1,
  "machine-behind-75y": 2,
  "total-rows/some": 2,
  "total-cap-500": 2,
  "empty-bare/few": 1,
  "short-whole/always": 1,
  "partial/few": 2,
  "edited-between-all/few": 2,
  "rows-null/always": 1,
  "rows-future/few": 2,
  "index-stands-day": 1,
  "index-forgets-some": 2,
  "fetch-behind-day/always": 1,
  ghosts: 1,
  "list-empty-twice": 3,
  "archive-empty/always": 2,
  "gte-is-gt/always": 2,
};

const folder = temporaryFolder();
afterAll(folder.remove);
const stage = new Stage(folder.path);
/** Each scenario has its processes; three at a time keep a small machine busy. */
const turns = Array.from({ length: 3 }, () => Promise.resolve());
let next = 0;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const place = next++ % turns.length;
  const done = turns[place]!.then(work);
  turns[place] = done.then(
    () => {},
    () => {},
  );
  return done;
}

describe.concurrent("a server that lies, one lie at a time", () => {
  for (const [name, seed] of Object.entries(CHOSEN)) {
    const lie = LIES.find((one) => one.name === name);
    if (lie === undefined) throw new Error(`no lie is called ${name}`);
    test.skipIf(lie.todayLoses !== undefined)(
      `${name}: ${lie.about}`,
      async () => {
        const outcome = await inTurn(() => stage.play(lie, seed));
        if (outcome.problems.size > 0) throw new Error(outcome.tell(20));
      },
      900_000,
    );
  }
});

test("what is known is known of lies that exist", () => {
  const names = LIES.map(({ name }) => name);
  expect(Object.keys(KNOWN).filter((name) => !names.includes(name))).toEqual([]);
  expect(names.length).toBe(new Set(names).size);
});

describe("what is lost is found", () => {
  const damages: Readonly<Record<string, (id: string) => string>> = {
    missing: (id) => `DELETE FROM messages WHERE id = '${id}'`,
    stale: (id) => `UPDATE messages SET rev = rev - 1 WHERE id = '${id}'`,
    dead: (id) => `UPDATE messages SET _deleted_at = updated_at WHERE id = '${id}'`,
    foreign: (id) => `UPDATE messages SET id = 'x' || id WHERE id = '${id}'`,
  };
  for (const [how, sql] of Object.entries(damages)) {
    test(how, async () => {
      const db = join(folder.path, `${how}.db`);
      copyFileSync(await stage.base(1), db);
      const account = new Account(1, BORN);
      const row = account.rows(KINDS[3]!).find(({ versions }) => versions.at(-1)?.deletedAt === null)!;
      expect(differences(db, account)).toEqual([]);
      const database = new Database(db);
      database.run(sql(row.id));
      database.close(true);
      const found = differences(db, account);
      expect(found.map(({ stream }) => stream)).toEqual(found.map(() => "messages"));
      expect(found.map((one) => one.how).sort()).toEqual(
        how === "foreign" ? ["foreign", "missing"] : [how as "stale"],
      );
    }, 120_000);
  }
});
