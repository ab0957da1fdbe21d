/** Counts and lists as people read them, whatever the locale. */

/** Writes a count, its digits in groups of three. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A count and what was counted: `1 row`, `1,200 rows`; `many` is what follows any other count than one. */
export function amountOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Names in a row: `notes`, `notes and tags`, `notes, tags and teams`. */
export function listed(names: readonly string[]): string {
  const last = names.slice(-1);
  return [...(names.length < 2 ? [] : [names.slice(0, -1).join(", ")]), ...last].join(" and ");
}
