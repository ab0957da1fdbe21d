/** Lies of the archive, where rows are that last changed over two years ago, and of its border. */
import { twoYearsBefore } from "../account.ts";
import { emptyAnswer } from "../honest.ts";
import type { Lie } from "../lie.ts";
import { DAY, YEAR } from "../world-clock.ts";
import { lie, ofArchive, ofLists, withNext, withRows, withTotal } from "./told.ts";

/** The border is elsewhere. */
const border = (name: string, about: string, at: (now: number) => number, more: { forever?: true } = {}) =>
  lie(`border-${name}`, about, {
    begin: ({ account }) => {
      account.holds = (by, updatedAt, now) => updatedAt < at(now) === (by === "archive");
    },
    ...more,
  });

/** Each of the two holds what it is asked about here. */
const holds = (
  name: string,
  about: string,
  rule: (by: string, age: number) => boolean,
  more: { forever?: true } = {},
) =>
  lie(`archive-${name}`, about, {
    begin: ({ account }) => {
      account.holds = (by, updatedAt, now) => rule(by, twoYearsBefore(now) - updatedAt);
    },
    ...more,
  });

const moved = (days: number) => (now: number) => twoYearsBefore(now) + days * DAY;
const FOREVER = { forever: true } as const;

export const ARCHIVE: readonly Lie[] = [
  ...border("730-days", "the archive begins after 730 days, always", (now) => now - 730 * DAY, FOREVER),
  ...border("week-later", "the archive begins a week before two years are over, always", moved(7), FOREVER),
  ...border("week-earlier", "the archive begins a week after two years are over, always", moved(-7), FOREVER),
  ...border("jumps-later", "the archive begins a week sooner, in one sync", moved(7)),
  ...border("jumps-earlier", "the archive begins a week later, in one sync", moved(-7)),
  ...border("one-year", "the archive begins after one year, in one sync", (now) => now - YEAR),
  ...border("three-years", "the archive begins after three years, in one sync", (now) => now - 3 * YEAR),
  ...holds("gap", "rows around the border are in neither, in one sync", (by, age) =>
    by === "archive" ? age > 3 * DAY : age < -3 * DAY,
  ),
  ...holds(
    "overlap",
    "rows around the border are in both, always",
    (by, age) => (by === "archive" ? age > -5 * DAY : age < 5 * DAY),
    FOREVER,
  ),
  ...holds("all-in-both", "both have everything, always", () => true, FOREVER),
  ...holds(
    "not-needed",
    "the standard search has everything, and the archive nothing, always",
    (by) => by === "search",
    FOREVER,
  ),
  ...holds(
    "recent-too",
    "the archive has recent rows, too, in one sync",
    (by, age) => by === "archive" || age < 0,
  ),
  ...holds(
    "everything",
    "the archive has everything and the standard search nothing, in one sync",
    (by) => by === "archive",
  ),
  ...lie(
    "archive-empty",
    "the archive is empty in one sync",
    {
      of: ofArchive,
      tell: (answer, ask) => withTotal(withRows(answer, []), ask, 0),
    },
    "always",
    "few",
  ),
  ...lie("archive-refused", "the archive answers 403 in one sync", {
    of: ofArchive,
    visible: true,
    tell: () => emptyAnswer(403, "Missing role"),
  }),
  ...lie("archive-unknown", "the archive answers 404 in one sync", {
    of: ofArchive,
    visible: true,
    tell: () => emptyAnswer(404, "Not Found"),
  }),
  ...lie("archive-400", "the archive answers 400 in one sync", {
    of: ofArchive,
    visible: true,
    tell: () => emptyAnswer(400, "Bad Request"),
  }),
  ...lie("notes-list-empty", "the list of notes is empty in one sync", {
    of: (ask) => ofLists(ask) && ask.kind?.name === "notes",
    tell: (answer) => withNext(withRows(answer, []), null),
  }),
];
