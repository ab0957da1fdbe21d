/** What lies are made of: the questions that they concern, and small untruths. */

import type { Row } from "../account.ts";
import { type Ask, boundsOf } from "../ask.ts";
import { type Answer, emptyAnswer, envelope, linkTo, type Resource, resourceOf } from "../honest.ts";
import { type Kind, LISTED, SEARCHED } from "../kinds.ts";
import type { HowOften, Lie } from "../lie.ts";
import { hash } from "../random.ts";

export const ofSearches = (ask: Ask) => ask.by === "search" || ask.by === "archive";
export const ofStandard = (ask: Ask) => ask.by === "search";
export const ofArchive = (ask: Ask) => ask.by === "archive";
export const ofLists = (ask: Ask) => ask.by === "list";
/** Searches for rows, not for their number alone. */
export const ofPages = (ask: Ask) => ofSearches(ask) && ask.pageSize > 1;
export const ofRows = (ask: Ask) => ofPages(ask) || ofLists(ask);
export const ofNews = (ask: Ask) => ofStandard(ask) && boundsOf(ask).to === null;

/** The one kind that a seed chooses. */
export const searchedOf = (seed: number): Kind => SEARCHED[hash(`kind ${seed}`) % SEARCHED.length]!;
export const listedOf = (seed: number): Kind => LISTED[hash(`list ${seed}`) % LISTED.length]!;

export type Untruth = Omit<Lie, "name" | "about" | "often">;

/** A lie that is always told, or, where it says how often, one lie for each. */
export function lie(name: string, about: string, untruth: Untruth, ...oftens: HowOften[]): Lie[] {
  if (oftens.length < 2) return [{ name, about, often: oftens[0] ?? "always", ...untruth }];
  return oftens.map((often) => ({ name: `${name}/${often}`, about, often, ...untruth }));
}

/** The answer with another total, and links that agree with it. */
export function withTotal(answer: Answer, ask: Ask, total: number): Answer {
  if (answer.meta === null) return answer;
  const more = (ask.page - 1) * ask.pageSize + answer.rows.length < total && answer.rows.length > 0;
  const { meta, links } = envelope(ask, total, more);
  return { ...answer, meta: { ...answer.meta, ...meta, total }, links };
}

/** The answer with other words in its meta; `undefined` takes one out. */
export function withMeta(answer: Answer, words: Record<string, unknown>): Answer {
  if (answer.meta === null) return answer;
  return { ...answer, meta: { ...answer.meta, ...words } };
}

export const withRows = (answer: Answer, rows: Resource[]): Answer => ({ ...answer, rows });
export const withNext = (answer: Answer, next: unknown): Answer =>
  answer.links === null ? answer : { ...answer, links: { ...answer.links, next } };

export const totalOf = (answer: Answer): number => Number(answer.meta?.total ?? answer.rows.length);
export const half = <T>(items: readonly T[]): T[] => items.slice(0, Math.ceil(items.length / 2));

export const refuse = (status: number, message: string) => () => emptyAnswer(status, message);

/** A row's copy with other attributes. */
export function altered(row: Resource, attributes: Record<string, unknown>): Resource {
  return { ...row, attributes: { ...row.attributes, ...attributes } };
}

/** The page of a listing whose rows are these. */
export function paged(rows: readonly Row[], answer: Answer, ask: Ask): Answer {
  const from = (ask.page - 1) * ask.pageSize;
  const page = rows.slice(from, from + ask.pageSize).map((row) => resourceOf(row));
  return withNext(
    withRows(answer, page),
    from + page.length < rows.length ? linkTo(ask, ask.page + 1) : null,
  );
}
