/** Lies about how many rows a search has found. */
import type { Answer } from "../honest.ts";
import type { HowOften, Lie, Teller } from "../lie.ts";
import { lie, ofSearches, totalOf, withMeta, withTotal } from "./told.ts";

/** Another total, and links that agree with it. */
const total = (
  name: string,
  about: string,
  other: (total: number, answer: Answer, teller: Teller) => number,
  ...oftens: HowOften[]
) =>
  lie(
    `total-${name}`,
    about,
    {
      of: ofSearches,
      tell: (answer, ask, teller) =>
        withTotal(answer, ask, Math.max(0, other(totalOf(answer), answer, teller))),
    },
    ...oftens,
  );

/** Something else where the total is. */
const odd = (name: string, about: string, other: (total: number) => unknown, ...oftens: HowOften[]) =>
  lie(
    `total-${name}`,
    about,
    {
      of: ofSearches,
      tell: (answer) => withMeta(answer, { total: other(totalOf(answer)), totalPages: undefined }),
    },
    ...oftens,
  );

export const COUNT: readonly Lie[] = [
  ...total("zero", "the total is 0, whatever came", () => 0, "always", "some", "few"),
  ...total(
    "rows",
    "the total is what this page holds",
    (_, { rows }) => rows.length,
    "always",
    "some",
    "few",
  ),
  ...total("minus-1", "the total is one too small", (is) => is - 1, "always", "some", "few"),
  ...total("half", "the total is half of it", (is) => Math.ceil(is / 2), "always", "few"),
  ...total("plus-1", "the total is one too large", (is) => is + 1, "always", "some"),
  ...total("double", "the total is twice as large", (is) => is * 2, "always", "few"),
  ...total("cap-100", "the total is never over 100", (is) => Math.min(is, 100)),
  ...total("cap-500", "the total is never over 500", (is) => Math.min(is, 500)),
  ...total("10000", "the total is always 10,000", () => 10_000),
  ...total("changes", "the total is another each time", (is, _, { random }) => is + random.int(-3, 40)),
  ...odd("absent", "no total", () => undefined, "always", "some"),
  ...odd("text", "the total is a text", (is) => String(is)),
  ...odd("null", "the total is null", () => null, "always", "few"),
  ...odd("negative", "the total is negative", (is) => -is),
  ...odd("fraction", "the total has a fraction", (is) => is + 0.5),
  ...odd("huge", "the total is 1e300", () => 1e300),
  ...lie("no-meta", "searches have no meta", {
    of: ofSearches,
    tell: (answer) => ({ ...answer, meta: null }),
  }),
  ...lie("no-links", "searches have no links", {
    of: ofSearches,
    tell: (answer) => ({ ...answer, links: null }),
  }),
];
