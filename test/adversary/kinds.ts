/** What the account of this server holds: the nine streams, as Kustomer's documents name them. */

export type Kind = {
  /** As the program calls the stream, and its table. */
  readonly name: string;
  readonly type: string;
  /** The `queryContext` of its search, null for what has no search. */
  readonly context: string | null;
  readonly archived: boolean;
  readonly list: string;
  readonly maxPageSize: number;
  /** An attribute of its own that a version changes. */
  readonly text: string;
};

const searched = (name: string, type: string, text: string, archived = true): Kind => ({
  name,
  type,
  context: type,
  archived,
  list: `/v1/${name}`,
  maxPageSize: 100,
  text,
});
const listed = (name: string, type: string, maxPageSize: number): Kind => ({
  name,
  type,
  context: null,
  archived: false,
  list: `/v1/${name}`,
  maxPageSize,
  text: "name",
});

export const KINDS: readonly Kind[] = [
  searched("conversations", "conversation", "name"),
  searched("customers", "customer", "name"),
  searched("kobjects", "kobject", "title"),
  searched("messages", "message", "subject"),
  searched("notes", "note", "body", false),
  listed("shortcuts", "shortcut", 100),
  listed("tags", "tag", 100),
  listed("teams", "team", 500),
  listed("users", "user", 500),
];

export const SEARCHED = KINDS.filter((kind) => kind.context !== null);
export const LISTED = KINDS.filter((kind) => kind.context === null);

export function kindNamed(name: string): Kind {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind is called ${name}`);
  return kind;
}
