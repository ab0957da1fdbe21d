/** No lies, but what befalls rows: purged for good, moved back in time, kept from lists. */
import { current, twoYearsBefore } from "../account.ts";
import { SEARCHED } from "../kinds.ts";
import type { Lie, Teller } from "../lie.ts";
import { DAY, HOUR, MINUTE } from "../world-clock.ts";
import { lie, ofLists, withRows } from "./told.ts";

/** Something that happens once, shortly before the first lying sync, to ten rows of each searched stream. */
const event = (
  name: string,
  about: string,
  happen: (row: Parameters<typeof current>[0], teller: Teller) => void,
) =>
  lie(name, about, {
    begin: (teller) => {
      if (teller.turn > 0) return;
      for (const kind of SEARCHED) {
        const rows = teller.account.rows(kind).filter((row) => !row.purged);
        for (let n = 0; n < 10; n += 1) happen(teller.random.pick(rows), teller);
      }
    },
  });

export const EVENT: readonly Lie[] = [
  ...event("purged", "rows are gone for good", (row, { account }) => account.purge(row)),
  ...event(
    "back-5m",
    "rows are changed, and their time is five minutes earlier than it was",
    (row, { account }) => account.editBackwards(row, current(row).updatedAt - 5 * MINUTE),
  ),
  ...event(
    "back-month",
    "rows are changed, and their time is a month earlier than it was",
    (row, { account }) => account.editBackwards(row, current(row).updatedAt - 30 * DAY),
  ),
  ...event(
    "dated-back",
    "rows are changed, and their time is of three hours to ten days ago",
    (row, { account, now, random }) =>
      account.editBackwards(row, Math.max(current(row).updatedAt + 1, now() - random.int(3, 240) * HOUR)),
  ),
  ...lie("imported-old", "rows come into being with a time of months or years ago", {
    begin: ({ account, now, random, turn }) => {
      if (turn > 0) return;
      for (const kind of SEARCHED)
        for (let n = 0; n < 10; n += 1) account.create(kind, now() - random.int(2, 1_500) * DAY);
    },
  }),
  ...lie("deleted-not-listed", "lists leave deleted rows out, always", {
    of: ofLists,
    forever: true,
    tell: (answer, ask) =>
      ask.variant === "deleted"
        ? answer
        : withRows(
            answer,
            answer.rows.filter(({ attributes }) => attributes.deleted !== true),
          ),
    // Old notes are known from their list alone; one that was deleted before it was ever seen cannot be known.
    excuses: (row, _, { now }) =>
      row.kind.name === "notes" &&
      current(row).deletedAt !== null &&
      current(row).updatedAt < twoYearsBefore(now()) + 7 * DAY,
  }),
];
