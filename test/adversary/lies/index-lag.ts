/** Lies of the search index: it stands still, forgets, shows late, or has two minds. */
import { current, type Row, type Version, versionAt } from "../account.ts";
import { resourceOf } from "../honest.ts";
import { SEARCHED } from "../kinds.ts";
import type { HowOften, Lie, Teller } from "../lie.ts";
import { hash } from "../random.ts";
import { DAY, HOUR, MINUTE } from "../world-clock.ts";
import { lie, ofSearches, searchedOf, type Untruth } from "./told.ts";

/** The index shows, for as long as it lasts, what this says of each row, edits that come meanwhile included. */
const shows = (
  name: string,
  about: string,
  view: (row: Row, teller: Teller) => Version | null,
  turns?: number,
) =>
  lie(`index-${name}`, about, {
    begin: (teller) => {
      teller.account.showAs((row) => view(row, teller));
      teller.account.indexes = (row) => view(row, teller) === current(row);
    },
    ...(turns === undefined ? {} : { turns }),
  });

/** Some answers come from an index that has another view of the rows, as they are or as it has them. */
const replica = (
  name: string,
  about: string,
  view: (row: Row, teller: Teller) => Version | null,
  old: boolean,
  ...oftens: HowOften[]
) =>
  lie(
    `replica-${name}`,
    about,
    { of: ofSearches, tell: (_, ask, teller) => teller.honest(ask, (row) => view(row, teller), old) },
    ...oftens,
  );

const ago =
  (ms: number) =>
  (row: Row, { now }: Teller) =>
    versionAt(row, now() - ms);
const part = (row: Row, name: string, of: number) => hash(`${row.id} ${name}`) % of === 0;
const age = (row: Row, { now }: Teller) => now() - current(row).updatedAt;
/** The version before the newest. */
const before = (row: Row) => row.versions.at(-2) ?? null;
const moved = (version: Version | null, ms: number) =>
  version === null ? null : { ...version, updatedAt: version.updatedAt + ms };

/** The index is as it should be; where the rows are fetched from is behind. */
const fetched = (name: string, about: string, ms: number, ...oftens: HowOften[]) =>
  lie(
    `fetch-${name}`,
    about,
    {
      of: ofSearches,
      tell: (answer, _, { account, now }) => {
        const rows = answer.rows.flatMap((resource) => {
          const row = account.row(resource.id);
          const version = row === undefined ? null : versionAt(row, now() - ms);
          return version === null ? [] : [resourceOf(row!, version)];
        });
        return { ...answer, rows };
      },
    },
    ...oftens,
  );

const haunted = (name: string, about: string, more: Untruth) =>
  lie(name, about, {
    begin: ({ account, now, random, turn }) => {
      if (turn > 0) return;
      for (const kind of SEARCHED)
        for (let n = 0; n < 8; n += 1)
          account.haunt(account.create(kind, now() - random.int(1, 100) * 10 * HOUR));
    },
    ...more,
  });

export const INDEX: readonly Lie[] = [
  ...lie("index-stands-day", "the index stands still since a day", {
    begin: ({ account, now }) => account.freeze(now() - DAY),
  }),
  ...lie("index-stands-2h", "the index stands still since two hours", {
    begin: ({ account, now }) => account.freeze(now() - 2 * HOUR),
  }),
  ...lie("index-stands-month", "the index stands still since a month", {
    begin: ({ account, now }) => account.freeze(now() - 30 * DAY),
  }),
  ...lie("index-stands-old", "the index stands still since a day, and rows come as it has them", {
    begin: ({ account, now }) => account.freeze(now() - DAY),
    of: ofSearches,
    tell: (_, ask, { honest }) => honest(ask, undefined, true),
  }),
  ...lie("index-stands-one", "the index of one stream stands still since a day", {
    begin: ({ account, now }) => account.freeze(now() - DAY, ({ kind }) => kind === searchedOf(account.seed)),
  }),
  ...lie("index-catches-up", "the index stood still for a day, and catches up by half a day a sync", {
    begin: ({ account, now, turn }) => account.freeze(now() - DAY / (turn + 1)),
    turns: 2,
  }),
  ...shows("late-15m", "half of what changed in the last 15 minutes is not shown yet", (row, teller) =>
    age(row, teller) < 14 * MINUTE && part(row, "late", 2) ? before(row) : current(row),
  ),
  ...shows("late-3h", "half of what changed in the last three hours is not shown yet", (row, teller) =>
    age(row, teller) < 3 * HOUR && part(row, "late", 2) ? before(row) : current(row),
  ),
  ...shows(
    "gap",
    "what changed between an hour and a day ago is not shown, what is newer is",
    (row, teller) => (age(row, teller) < DAY && age(row, teller) > HOUR ? before(row) : current(row)),
  ),
  ...shows(
    "newest-late",
    "the newest tenth of an hour is shown, what is before it since a day is not",
    (row, teller) => (age(row, teller) < DAY && age(row, teller) > 6 * MINUTE ? before(row) : current(row)),
  ),
  ...shows(
    "forgets-range",
    "rows that were changed in the last third of a year, but for a month, are not known",
    (row, teller) => (age(row, teller) > 30 * DAY && age(row, teller) < 120 * DAY ? null : current(row)),
  ),
  ...shows(
    "forgets-range-twice",
    "the same, for two syncs",
    (row, teller) => (age(row, teller) > 30 * DAY && age(row, teller) < 120 * DAY ? null : current(row)),
    2,
  ),
  ...shows("forgets-some", "one row in twenty is not known", (row) =>
    part(row, "some", 20) ? null : current(row),
  ),
  ...shows(
    "forgets-some-twice",
    "one row in twenty is not known, for two syncs",
    (row) => (part(row, "some", 20) ? null : current(row)),
    2,
  ),
  ...shows(
    "forgets-new",
    "half of the rows that were made in the last two days are not known",
    (row, { now }) => (row.createdAt > now() - 2 * DAY && part(row, "new", 2) ? null : current(row)),
  ),
  ...shows("forgets-deleted", "deleted rows are not known", (row) =>
    current(row).deletedAt === null ? current(row) : null,
  ),
  ...shows("old-time", "rows that were changed since a day are shown under their old time", (row, teller) =>
    age(row, teller) < DAY ? (before(row) ?? current(row)) : current(row),
  ),
  ...shows("hour-early", "rows are shown under a time that is an hour too early", (row) =>
    moved(current(row), -HOUR),
  ),
  ...shows("hour-late", "rows are shown under a time that is an hour too late", (row) =>
    moved(current(row), HOUR),
  ),
  ...lie("index-seconds", "the index knows whole seconds only", {
    of: ofSearches,
    tell: (_, ask, { honest }) =>
      honest(ask, (row) => moved(row.shown, -((row.shown?.updatedAt ?? 0) % 1_000))),
  }),
  ...lie("index-seconds-ever", "the index knows whole seconds only, always", {
    of: ofSearches,
    forever: true,
    tell: (_, ask, { honest }) =>
      honest(ask, (row) => moved(row.shown, -((row.shown?.updatedAt ?? 0) % 1_000))),
  }),
  ...replica(
    "behind-10m",
    "a third of the answers come from an index ten minutes behind",
    ago(10 * MINUTE),
    false,
    "some",
  ),
  ...replica("behind-day", "a third of the answers come from an index a day behind", ago(DAY), false, "some"),
  ...replica(
    "behind-day-old",
    "a third of the answers come from an index a day behind, with its rows",
    ago(DAY),
    true,
    "some",
  ),
  ...replica(
    "behind-month",
    "a third of the answers come from an index a month behind",
    ago(30 * DAY),
    false,
    "some",
  ),
  ...replica(
    "shard",
    "a third of the rows are not there, in some answers or in all",
    (row) => (part(row, "shard", 3) ? null : row.shown),
    false,
    "always",
    "some",
  ),
  ...replica(
    "few-missing",
    "one row in two hundred is not there",
    (row) => (part(row, "few", 200) ? null : row.shown),
    false,
    "always",
    "some",
  ),
  ...lie(
    "index-stands-late",
    "the index stands still for three syncs, and half of the last 14 minutes before it stood comes after",
    {
      turns: 3,
      begin: ({ account, now, memory }) => {
        const stood = Number(memory.get("stood") ?? now() - 3 * MINUTE);
        memory.set("stood", stood);
        const late = (row: Row) => part(row, "late", 2) && current(row).updatedAt > stood - 14 * MINUTE;
        account.freeze(stood);
        account.showAs((row) => (late(row) ? versionAt(row, stood - 14 * MINUTE) : versionAt(row, stood)));
      },
    },
  ),
  ...lie(
    "index-catches-up-late",
    "the index stood still for a day, and has caught up but for half of the last 14 minutes",
    {
      turns: 2,
      begin: ({ account, now, turn }) => {
        account.freeze(now() - (turn === 0 ? DAY : 0), (row) => turn === 0 || part(row, "late", 2));
        if (turn > 0)
          account.showAs((row) =>
            part(row, "late", 2) ? versionAt(row, now() - 14 * MINUTE) : current(row),
          );
      },
    },
  ),
  ...fetched("behind-10m", "rows are found as they are, and come as they were ten minutes ago", 10 * MINUTE),
  ...fetched(
    "behind-day",
    "rows are found as they are, and come as they were a day ago",
    DAY,
    "always",
    "some",
  ),
  ...haunted("ghosts", "the index finds rows that are no more, and only those that are come", {}),
  ...haunted("ghosts-ever", "the index finds rows that are no more, and only those that are come, always", {
    forever: true,
  }),
];
