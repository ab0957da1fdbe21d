/** SQL names: the one place where a name becomes part of a statement. */

/** Quotes a table or column name, whatever characters it holds. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
