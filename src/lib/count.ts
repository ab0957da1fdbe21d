/** Counts as people read them: digits in groups of three, whatever the locale, and a word that agrees. */

/** Writes a count with thousands separators. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A count and what was counted: `1 row`, `1,200 rows`; `many` is what follows any other count than one. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
