/** Rows that are not what they are: without a time, of another type, as they were, dead or alive. */
import { current } from "../account.ts";
import { type Resource, resourceOf } from "../honest.ts";
import type { HowOften, Lie } from "../lie.ts";
import { altered, lie, ofPages, ofRows, searchedOf, withRows } from "./told.ts";

/** Rows of the one stream that the seed chooses are other than they were. */
const strange = (name: string, about: string, other: (row: Resource) => unknown, ...oftens: HowOften[]) =>
  lie(
    `rows-${name}`,
    about,
    {
      of: ofPages,
      tell: (answer, ask, { account, random }) =>
        ask.kind === searchedOf(account.seed)
          ? withRows(answer, answer.rows.map((row) => (random.chance(0.1) ? other(row) : row)) as Resource[])
          : answer,
    },
    ...oftens,
  );

export const ROWS: readonly Lie[] = [
  ...strange(
    "other-type",
    "a tenth of the rows call themselves of another type",
    (row) => ({ ...row, type: "company" }),
    "always",
    "few",
  ),
  ...strange(
    "without-time",
    "a tenth of the rows have no updatedAt",
    (row) => altered(row, { updatedAt: undefined }),
    "always",
    "some",
  ),
  ...strange("null-time", "a tenth of the rows have null for updatedAt", (row) =>
    altered(row, { updatedAt: null }),
  ),
  ...strange("null", "a tenth of the rows are null", () => null, "always", "few"),
  ...strange(
    "without-id",
    "a tenth of the rows have no id",
    (row) => ({ ...row, id: undefined }),
    "always",
    "few",
  ),
  ...strange("number-id", "a tenth of the rows have a number for id", (row) => ({
    ...row,
    id: Number.parseInt(row.id.slice(0, 8), 16),
  })),
  ...strange(
    "bare",
    "a tenth of the rows have no attributes",
    ({ type, id }) => ({ type, id }),
    "always",
    "few",
  ),
  ...strange("zone", "a tenth of the rows have their times in another zone", (row) => {
    const at = Date.parse(String(row.attributes.updatedAt));
    return altered(row, { updatedAt: new Date(at + 7_200_000).toISOString().replace("Z", "+02:00") });
  }),
  ...strange("micros", "a tenth of the rows have microseconds", (row) =>
    altered(row, { updatedAt: String(row.attributes.updatedAt).replace("Z", "000Z") }),
  ),
  ...strange("epoch", "a tenth of the rows have milliseconds since 1970 for updatedAt", (row) =>
    altered(row, { updatedAt: Date.parse(String(row.attributes.updatedAt)) }),
  ),
  ...strange(
    "future",
    "a tenth of the rows were changed in 75 years",
    (row) => {
      const at = Date.parse(String(row.attributes.updatedAt));
      return altered(row, { updatedAt: new Date(at + 75 * 31_557_600_000).toISOString() });
    },
    "always",
    "few",
  ),
  ...strange(
    "dead",
    "a tenth of the rows call themselves deleted",
    (row) => altered(row, { deleted: true, deletedAt: row.attributes.updatedAt }),
    "always",
    "few",
  ),
  ...strange("alive", "a tenth of the rows call themselves live, deleted or not", (row) =>
    altered(row, { deleted: false, deletedAt: undefined }),
  ),
  ...lie(
    "rows-old",
    "a tenth of the rows come as they were at first",
    {
      of: ofRows,
      tell: (answer, _, { account, random }) =>
        withRows(
          answer,
          answer.rows.map((resource) => {
            const row = account.row(resource.id);
            if (row === undefined || !random.chance(0.1)) return resource;
            return resourceOf(row, row.versions[0] ?? current(row));
          }),
        ),
    },
    "always",
    "some",
  ),
];
