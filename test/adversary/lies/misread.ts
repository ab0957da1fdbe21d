/** Questions that the server understands otherwise. */
import { type Ask, misread } from "../ask.ts";
import { emptyAnswer } from "../honest.ts";
import type { HowOften, Lie, Teller } from "../lie.ts";
import { DAY, HOUR } from "../world-clock.ts";
import { lie, ofSearches } from "./told.ts";

const misheard = (
  name: string,
  about: string,
  mishear: (ask: Ask, teller: Teller) => Ask,
  more: { forever?: true } = {},
  ...oftens: HowOften[]
) => lie(name, about, { of: ofSearches, mishear, ...more }, ...oftens);

/** The same criteria with their times moved. */
const times = (move: (at: number) => number) => (ask: Ask) =>
  misread(ask, (operator, value) => {
    const at = Date.parse(String(value));
    return [operator, Number.isNaN(at) ? value : new Date(move(at)).toISOString()];
  });
const instead = (operators: Record<string, string>) => (ask: Ask) =>
  misread(ask, (operator, value) => [operators[operator] ?? operator, value]);
const without =
  (...left: string[]) =>
  (ask: Ask) =>
    misread(ask, (operator, value) => (left.includes(operator) ? null : [operator, value]));
const FOREVER = { forever: true } as const;

export const MISREAD: readonly Lie[] = [
  ...misheard("gte-is-gt", "gte leaves out what is equal", instead({ gte: "gt" }), {}, "always", "some"),
  ...misheard("gte-is-gt-ever", "gte leaves out what is equal, always", instead({ gte: "gt" }), FOREVER),
  ...misheard("lt-is-lte", "lt takes in what is equal, always", instead({ lt: "lte" }), FOREVER),
  ...misheard("lte-is-lt", "lte leaves out what is equal", instead({ lte: "lt" }), {}, "always", "some"),
  ...misheard(
    "bounds-ignored",
    "bounds of time are not looked at",
    without("gte", "gt", "lt", "lte"),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "bounds-ignored-ever",
    "bounds of time are not looked at, always",
    without("gte", "gt", "lt", "lte"),
    FOREVER,
  ),
  ...misheard("gte-ignored", "gte is not looked at", without("gte"), {}, "always", "some"),
  ...misheard("lt-ignored", "lt is not looked at", without("lt", "lte"), {}, "always", "some"),
  ...misheard("first-criterion-only", "of several criteria the first counts", (ask) => ({
    ...ask,
    and: ask.and.slice(0, 1),
  })),
  ...misheard("last-criterion-only", "of several criteria the last counts", (ask) => ({
    ...ask,
    and: ask.and.slice(-1),
  })),
  ...misheard(
    "zone-behind",
    "times are taken for an hour earlier",
    times((at) => at - HOUR),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "zone-ahead",
    "times are taken for an hour later",
    times((at) => at + HOUR),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "bounds-seconds",
    "times are taken for whole seconds",
    times((at) => Math.floor(at / 1_000) * 1_000),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "bounds-days",
    "times are taken for whole days",
    times((at) => Math.floor(at / DAY) * DAY),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "sort-ignored",
    "the order is that of ids, always",
    (ask) => ({ ...ask, sort: [{ by: "id", down: false }] }),
    FOREVER,
  ),
  ...misheard(
    "sort-ignored-some",
    "the order is that of ids, now and then",
    (ask) => ({ ...ask, sort: [{ by: "id", down: false }] }),
    {},
    "some",
  ),
  ...misheard("sort-down", "the newest first, in one sync", (ask) => ({
    ...ask,
    sort: ask.sort.map(({ by, down }) => ({ by, down: !down })),
  })),
  ...misheard("sort-created", "sorted by creation, in one sync", (ask) => ({
    ...ask,
    sort: [{ by: "created_at", down: false }],
  })),
  ...misheard(
    "page-1-only",
    "every page is the first one",
    (ask) => ({ ...ask, page: 1 }),
    {},
    "always",
    "some",
  ),
  ...misheard("page-off-by-one", "pages are counted from 0", (ask) => ({ ...ask, page: ask.page + 1 })),
  ...misheard(
    "page-100-at-most",
    "pages of 100 rows at most, always",
    (ask) => ({ ...ask, pageSize: Math.min(ask.pageSize, 100) }),
    FOREVER,
  ),
  ...misheard("page-3-rows", "pages of three rows at most, in one sync", (ask) => ({
    ...ask,
    pageSize: Math.min(ask.pageSize, 3),
  })),
  ...misheard(
    "page-7-some",
    "pages of seven rows, now and then",
    (ask) => ({ ...ask, pageSize: Math.min(ask.pageSize, 7) }),
    {},
    "some",
  ),
  ...misheard(
    "deleted-left-out",
    "includeDeleted is not looked at",
    (ask) => ({ ...ask, includeDeleted: false }),
    {},
    "always",
    "some",
  ),
  ...misheard(
    "ties-unstable",
    "rows of one instant come in another order each time, always",
    (ask, { random }) => ({ ...ask, ties: String(random()) }),
    FOREVER,
  ),
  ...misheard(
    "archive-for-standard",
    "the standard search answers from the archive, now and then",
    (ask) => ({ ...ask, by: ask.by === "search" && ask.kind!.archived ? "archive" : ask.by }),
    {},
    "some",
    "few",
  ),
  ...lie("one-page-ever", "there are no pages but the first, always", {
    of: (ask) => ofSearches(ask) && ask.page > 1,
    forever: true,
    tell: () => emptyAnswer(400, "page is too large"),
  }),
  ...lie("one-page-empty-ever", "all pages but the first are empty, always", {
    of: (ask) => ofSearches(ask) && ask.page > 1,
    forever: true,
    tell: (answer) => ({ ...answer, rows: [] }),
  }),
];
