import { type Answer, envelope, type Resource, resourceOf } from "../honest.ts";
import { SEARCHED } from "../kinds.ts";
import type { HowOften, Lie, Teller } from "../lie.ts";
import { half, lie, ofPages, ofSearches, totalOf, withMeta, withNext, withRows, withTotal } from "./told.ts";

/** Other rows in the answer's page; the total and the links stay. */
const rows = (
  name: string,
  about: string,
  other: (rows: Resource[], teller: Teller) => Resource[],
  more: { visible?: true } = {},
  ...oftens: HowOften[]
) =>
  lie(
    name,
    about,
    { of: ofPages, tell: (answer, _, teller) => withRows(answer, other(answer.rows, teller)), ...more },
    ...oftens,
  );

const bare = (answer: Answer, body: unknown): Answer => ({ ...answer, body });
const shuffled = (list: Resource[], { random }: Teller) =>
  list
    .map((row) => ({ row, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);

/** Edits rows of the page after the index has found them: they come with a newer time than they were found by. */
const editedBetween = (name: string, about: string, part: number, ...oftens: HowOften[]) =>
  lie(
    `edited-between-${name}`,
    about,
    {
      of: ofPages,
      tell: (answer, _, { account, random, now }) =>
        withRows(
          answer,
          answer.rows.map((resource) => {
            const row = account.row(resource.id);
            if (row === undefined || row.purged || !random.chance(part)) return resource;
            account.edit(row, now());
            return resourceOf(row);
          }),
        ),
    },
    ...oftens,
  );

export const PAGE: readonly Lie[] = [
  ...lie(
    "empty",
    "no rows, and the right total",
    { of: ofPages, visible: true, tell: (answer) => withNext(withRows(answer, []), null) },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "empty-whole",
    "no rows, and a total of 0",
    { of: ofSearches, tell: (answer, ask) => withTotal(withRows(answer, []), ask, 0) },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "empty-bare",
    "data [] and nothing else",
    { of: ofSearches, tell: (a) => bare(a, { data: [] }) },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "empty-nulls",
    "data [] and null for meta and links",
    { of: ofSearches, tell: (answer) => bare(answer, { meta: null, data: [], links: null }) },
    "always",
    "few",
  ),
  ...lie(
    "partial",
    "206 with half of the rows",
    {
      of: ofPages,
      visible: true,
      tell: (answer, ask) => ({
        ...withTotal(withRows(answer, half(answer.rows)), ask, half(answer.rows).length),
        status: 206,
      }),
    },
    "always",
    "some",
    "few",
  ),
  ...rows("short", "half of the rows, the right total and next", half, {}, "always", "some", "few"),
  ...lie(
    "short-last",
    "half of the rows, the right total, and no next",
    { of: ofPages, visible: true, tell: (answer) => withNext(withRows(answer, half(answer.rows)), null) },
    "always",
    "some",
  ),
  ...lie(
    "short-whole",
    "half of the rows, and a total that agrees",
    {
      of: ofPages,
      tell: (answer, ask) => withTotal(withRows(answer, half(answer.rows)), ask, half(answer.rows).length),
    },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "one-left-out",
    "one row less, the right total",
    {
      of: ofPages,
      tell: (answer, _, { random }) => {
        const at = random.int(0, answer.rows.length);
        return withRows(
          answer,
          answer.rows.filter((_, n) => n !== at),
        );
      },
    },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "one-left-out-whole",
    "one row less, and a total that agrees",
    {
      of: ofPages,
      tell: (answer, ask, { random }) => {
        const at = random.int(0, answer.rows.length);
        const left = answer.rows.filter((_, n) => n !== at);
        return withTotal(withRows(answer, left), ask, totalOf(answer) - (answer.rows.length - left.length));
      },
    },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "last-answer-again",
    "the same answer as the last time that this stream was asked",
    {
      of: ofSearches,
      tell: (answer, ask, { memory }) => {
        const key = `${ask.by} ${ask.kind?.name}`;
        const last = memory.get(key) as Answer | undefined;
        memory.set(key, answer);
        return last ?? answer;
      },
    },
    "some",
  ),
  ...rows("shuffled", "the rows in no order", shuffled, {}, "always", "some"),
  ...rows("reversed", "the rows the other way round", (list) => list.toReversed(), {}, "always", "some"),
  ...rows("ends-exchanged", "the first row last, and the last first", (list) =>
    list.length < 2 ? list : [list.at(-1)!, ...list.slice(1, -1), list[0]!],
  ),
  ...rows(
    "all-twice",
    "each row twice, and the page as long as ever",
    (list) => list.flatMap((row) => [row, row]).slice(0, list.length),
    {},
    "always",
    "some",
  ),
  ...rows("last-thrice", "the page ends with its last row three times", (list) =>
    list.length < 4 ? list : [...list.slice(0, -2), list.at(-3)!, list.at(-3)!],
  ),
  ...lie(
    "outside",
    "rows from outside of what was asked, in place of the first",
    {
      of: ofPages,
      tell: (answer, ask, teller) => {
        const others = teller.honest({ ...ask, and: [], page: 1, pageSize: 500 }).rows;
        return withRows(
          answer,
          answer.rows.map((row, n) => (n < 5 ? (others[n * 7] ?? row) : row)),
        );
      },
    },
    "always",
    "some",
  ),
  ...lie(
    "outside-too",
    "rows from outside of what was asked, beside what was",
    {
      of: ofPages,
      tell: (answer, ask, teller) => {
        const others = teller.honest({ ...ask, and: [], page: 1, pageSize: 5 }).rows;
        return withRows(answer, [...answer.rows, ...others]);
      },
    },
    "always",
    "some",
  ),
  ...lie(
    "other-stream",
    "the rows of another stream, in the same time",
    {
      of: ofPages,
      tell: (_, ask, teller) => {
        const kind = SEARCHED[(SEARCHED.indexOf(ask.kind!) + 1) % 4]!;
        const and = ask.and.map((criterion) =>
          Object.fromEntries(
            Object.entries(criterion).map(([name, test]) => [
              name.replace(`${ask.kind!.context}_`, `${kind.context}_`),
              test,
            ]),
          ),
        );
        return teller.honest({ ...ask, kind, and, or: [], not: [] });
      },
    },
    "always",
    "few",
  ),
  ...editedBetween(
    "some",
    "a tenth of a page is edited between the index and the fetching",
    0.1,
    "always",
    "some",
  ),
  ...editedBetween("most", "nearly all of a page is edited between the index and the fetching", 0.95, "some"),
  ...editedBetween("all", "all of a page is edited between the index and the fetching", 1, "always", "few"),
  ...lie(
    "timed-out",
    "timed_out, and half of the rows, with a total that agrees",
    {
      of: ofSearches,
      visible: true,
      tell: (answer, ask) => {
        const left = half(answer.rows).slice(0, ask.pageSize === 1 ? 0 : undefined);
        return withMeta(withTotal(withRows(answer, left), ask, left.length), { timed_out: true });
      },
    },
    "always",
    "some",
    "few",
  ),
  ...lie(
    "timed-out-whole",
    "timed_out, although all rows are there",
    { of: ofSearches, tell: (answer) => withMeta(answer, { timed_out: true }) },
    "always",
    "some",
  ),
  ...lie("next-always", "a search always has a next page", {
    of: ofSearches,
    tell: (answer, ask) => withNext(answer, envelope({ ...ask, page: ask.page }, 1e6, true).links?.next),
  }),
  ...lie("next-never", "a search never has a next page", {
    of: ofSearches,
    tell: (answer) => withNext(answer, null),
  }),
];
