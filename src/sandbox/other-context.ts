/**
 * A search that ignores which type of rows it was asked for and gives those of another: it reads the same question
 * with the other type's name wherever the first one stood. What the other type does not have is not asked of it.
 */
import { findAttribute, findObjects } from "./attributes.ts";
import { parseQuery, type Query } from "./query.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * The query that is answered in place of a sound one, as `given` names for its context (`kobject_order` goes by
 * `kobject` where it has no entry of its own); the query itself where nothing is named. `body` is what it was read from.
 */
export function inOtherContext(
  query: Query,
  body: Body,
  archive: boolean,
  given: Readonly<Record<string, string>>,
): Query {
  const { context, objects } = query;
  const base = objects.prefixes.at(-1)!;
  const other = given[context] ?? given[base];
  const others = other === undefined ? null : findObjects(other, archive);
  if (other === undefined || others === null) return query;
  const named = (item: unknown, sorts: boolean): object[] => {
    const [name, value] = Object.entries(item as object)[0]!;
    const prefix = objects.prefixes.find((one) => name.startsWith(`${one}_`))!;
    const renamed = `${other}${name.slice(prefix.length)}`;
    const attribute = findAttribute(others, renamed, archive);
    return attribute === null || (sorts && !attribute.sortable) ? [] : [{ [renamed]: value }];
  };
  const lists = Object.fromEntries(
    (["and", "or", "not", "sort"] as const).flatMap((key) => {
      const items = body[key];
      if (items === undefined) return [];
      return [[key, (Array.isArray(items) ? items : [items]).flatMap((item) => named(item, key === "sort"))]];
    }),
  );
  return parseQuery({ ...body, queryContext: other, ...lists }, archive);
}
