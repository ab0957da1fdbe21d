/** Lies of the lists: where they end, whom they show, and what their variants are. */
import type { Ask } from "../ask.ts";
import { type Answer, linkTo, listed, resourceOf } from "../honest.ts";
import { LISTED } from "../kinds.ts";
import type { HowOften, Lie, Teller } from "../lie.ts";
import { hash } from "../random.ts";
import { DAY } from "../world-clock.ts";
import { altered, half, lie, ofLists, paged, withMeta, withNext, withRows } from "./told.ts";

type Tell = (answer: Answer, ask: Ask, teller: Teller) => Answer;
type More = { turns?: number; visible?: true; forever?: true };

const list = (name: string, about: string, tell: Tell, more: More = {}, ...oftens: HowOften[]) =>
  lie(`list-${name}`, about, { of: ofLists, tell, ...more }, ...oftens);

const hidden = (id: string, of: number) => hash(`${id} hidden`) % of === 0;
const first = (ask: Ask) => ask.page === 1;
export const LIST: readonly Lie[] = [
  ...list(
    "next-missing",
    "links without next",
    (answer) => {
      const { next: _, ...links } = answer.links ?? {};
      return { ...answer, links };
    },
    {},
    "always",
    "few",
  ),
  ...list("links-missing", "no links", (answer) => ({ ...answer, links: null }), {}, "always", "few"),
  ...list(
    "next-null",
    "next is null where there is more",
    (answer) => withNext(answer, null),
    {},
    "always",
    "few",
  ),
  ...list(
    "next-null-twice",
    "next is null where there is more, for two syncs",
    (answer) => withNext(answer, null),
    { turns: 2 },
  ),
  ...list(
    "next-self",
    "next is the page itself",
    (answer, ask) => (answer.links?.next ? withNext(answer, linkTo(ask, ask.page)) : answer),
    {},
    "always",
    "few",
  ),
  ...list("next-first", "next is the first page", (answer, ask) =>
    answer.links?.next ? withNext(answer, linkTo(ask, 1)) : answer,
  ),
  ...list("next-skips", "next leaves out a page", (answer, ask) =>
    answer.links?.next ? withNext(answer, linkTo(ask, ask.page + 2)) : answer,
  ),
  ...list(
    "next-far",
    "next is beyond the end",
    (answer, ask) => (answer.links?.next ? withNext(answer, linkTo(ask, 9_999)) : answer),
    {},
    "always",
    "few",
  ),
  ...list("next-elsewhere", "next is on another host", (answer) =>
    answer.links?.next ? withNext(answer, "http://127.0.0.1:9/v1/users?page=2") : answer,
  ),
  ...list(
    "never-ends",
    "every page has a next one, and pages beyond the end are empty",
    (answer, ask) => withNext(answer, linkTo(ask, ask.page + 1)),
    {},
    "always",
    "few",
  ),
  ...list("never-ends-rows", "every page is the first one again, and has a next one", (_, ask, { honest }) =>
    withNext(honest({ ...ask, page: 1 }), linkTo(ask, ask.page + 1)),
  ),
  ...list(
    "short-middle",
    "half of a page that has a next one",
    (answer) => (answer.links?.next ? withRows(answer, half(answer.rows)) : answer),
    {},
    "always",
    "few",
  ),
  ...list(
    "short-middle-twice",
    "half of each page that has a next one, for two syncs",
    (answer) => (answer.links?.next ? withRows(answer, half(answer.rows)) : answer),
    { turns: 2 },
  ),
  ...list("empty", "a list is empty", (answer) => withNext(withRows(answer, []), null), {}, "always", "few"),
  ...list(
    "empty-twice",
    "all lists are empty, for two syncs",
    (answer) => withNext(withRows(answer, []), null),
    { turns: 2 },
  ),
  ...list("first-page-empty", "the first page is empty, and has a next one", (answer, ask) =>
    first(ask) ? withRows(answer, []) : answer,
  ),
  ...list("short", "the last tenth of a list is not there", (_, ask, teller) => {
    const rows = listed(teller.account, ask);
    return paged(rows.slice(0, Math.ceil(rows.length * 0.9)), teller.honest(ask), ask);
  }),
  ...list("hides-some", "one row in fifteen is not there", (answer) =>
    withRows(
      answer,
      answer.rows.filter(({ id }) => !hidden(id, 15)),
    ),
  ),
  ...list(
    "hides-some-twice",
    "one row in fifteen is not there, for two syncs",
    (answer) =>
      withRows(
        answer,
        answer.rows.filter(({ id }) => !hidden(id, 15)),
      ),
    { turns: 2 },
  ),
  ...list(
    "hides-half-twice",
    "half of the rows are not there, for two syncs",
    (answer) =>
      withRows(
        answer,
        answer.rows.filter(({ id }) => !hidden(id, 2)),
      ),
    { turns: 2 },
  ),
  ...list("reversed", "the newest first", (_, ask, { honest }) =>
    honest({ ...ask, sort: [{ by: "id", down: true }] }),
  ),
  ...list("shuffled", "another order for each page", (answer, ask, { account, random }) => {
    const rows = listed(account, ask).map((row) => ({ row, at: random() }));
    return paged(
      rows.sort((a, b) => a.at - b.at).map(({ row }) => row),
      answer,
      ask,
    );
  }),
  ...list(
    "old",
    "lists as they were a day ago",
    (answer, ask, { account, now }) => {
      if (!LISTED.includes(ask.kind!)) return answer;
      const then = now() - DAY;
      const rows = answer.rows.flatMap((resource) => {
        const row = account.row(resource.id);
        const version = row?.versions.findLast(({ updatedAt }) => updatedAt <= then);
        return row === undefined || version === undefined ? [] : [resourceOf(row, version)];
      });
      return withRows(answer, rows);
    },
    {},
    "always",
    "some",
  ),
  ...lie("list-shifts", "a row of the first page goes for good while the second is asked for", {
    of: ofLists,
    mishear: (ask, { account }) => {
      if (ask.page > 1 && LISTED.includes(ask.kind!)) account.purge(listed(account, ask)[3]!);
      return ask;
    },
  }),
  ...lie("list-shifts-twice", "the same, for two syncs", {
    of: ofLists,
    turns: 2,
    mishear: (ask, { account }) => {
      if (ask.page > 1 && LISTED.includes(ask.kind!)) account.purge(listed(account, ask)[3]!);
      return ask;
    },
  }),
  ...list("dead", "one row in fifteen calls itself deleted", (answer) =>
    withRows(
      answer,
      answer.rows.map((row) =>
        hidden(row.id, 15) ? altered(row, { deleted: true, deletedAt: row.attributes.updatedAt }) : row,
      ),
    ),
  ),
  ...list(
    "other-type",
    "one row in fifteen is of another type",
    (answer) =>
      withRows(
        answer,
        answer.rows.map((row) => (hidden(row.id, 15) ? { ...row, type: "klass" } : row)),
      ),
    {},
    "always",
    "few",
  ),
  ...list(
    "clamped",
    "pages of 20 at most",
    (_, ask, { honest }) => honest({ ...ask, pageSize: Math.min(ask.pageSize, 20) }),
    { forever: true },
  ),
  ...list("total-zero", "lists have a total, of 0", (answer) =>
    withMeta(answer, { total: 0, totalPages: 0 }),
  ),
  ...list("total-less", "lists have a total, one too small", (answer) =>
    withMeta(answer, { total: Math.max(0, answer.rows.length - 1) }),
  ),
  ...list("page-ignored", "every page is the first one", (_, ask, { honest }) => honest({ ...ask, page: 1 })),
  ...list("past-end-again", "beyond the end comes the last page again", (answer, ask, { honest }) =>
    answer.rows.length > 0 || ask.page === 1 ? answer : honest({ ...ask, page: ask.page - 1 }),
  ),
];
