/**
 * What a stream is: a name, how Kustomer serves it, and the columns of its table. A stream is data; every
 * table, schema, request and test follows from it, and nothing else of the program names a stream but the sandbox.
 */
import type { Resource } from "../lib/resource.ts";

/**
 * What a column holds, and how SQLite stores it: text TEXT, int INTEGER, real REAL, bool INTEGER 0 or 1,
 * time TEXT (ISO 8601 UTC with milliseconds), json TEXT.
 */
export type Kind = "text" | "int" | "real" | "bool" | "time" | "json";

/** Where a column's value comes from in the resource. `own` columns are ours, not Kustomer's. */
export type ColumnSource =
  | { readonly from: "member"; readonly name: "id" | "type" | "relationships" | "links" }
  | { readonly from: "attribute"; readonly name: string }
  /** The `data.id` of a to-one relationship. */
  | { readonly from: "relationship"; readonly name: string }
  | { readonly from: "own"; readonly name: string };

export type Column = { readonly name: string; readonly kind: Kind; readonly source: ColumnSource };

/** Read by time ranges over `updatedAt` through the search API. */
export type SearchRead = {
  readonly by: "search";
  /** The `queryContext`, which also prefixes the search attributes: `<context>_updated_at`. */
  readonly context: string;
  /**
   * Where rows last changed over two years ago are found: the archive search, or, for what the archive does
   * not know, this list path in ascending id order.
   */
  readonly old: "archive" | { readonly list: string };
};

/** Read whole, page by page. */
export type ListRead = {
  readonly by: "list";
  readonly path: string;
  /** Null where the listing has no pages. */
  readonly pageSize: number | null;
  /** What every page is asked with. */
  readonly query?: Readonly<Record<string, string>>;
  /** The queries of listings that are one only together; default: there is one, without any. */
  readonly parts?: readonly Readonly<Record<string, string>>[];
  /** The rows are in further documents, which the listing leads to. */
  readonly documents?: Documents;
  /** Where in an answer the rows are: its own, or those `included` beside them, or what is made of each; default: its own. */
  readonly rows?: "own" | "included" | ((row: Resource) => readonly Resource[]);
  /** Further listings, of rows that the plain one leaves out. */
  readonly variants?: readonly ListVariant[];
};

/** Documents that are asked for one by one. */
export type Documents = {
  /** Paths of those that are always there. */
  readonly paths?: readonly string[];
  /** The path of the one that belongs to a row of the listing; null where it has none. */
  readonly of: (row: Resource) => string | null;
  readonly query?: Readonly<Record<string, string>>;
};

/** A listing by a query of its own. */
export type ListVariant = {
  readonly query: Readonly<Record<string, string>>;
  /** True when what it holds is deleted, whatever the rows say themselves. */
  readonly deleted: boolean;
  /** What its rows are called where it is refused: `invited users`. */
  readonly rows: string;
};

export type Stream = {
  readonly name: string;
  /** The `type` of its resources; a custom object's is followed by its klass: `kobject.order`. */
  readonly type: string;
  readonly summary: string;
  readonly read: SearchRead | ListRead;
  /** Any one of these lets a key read the stream. */
  readonly roles: readonly string[];
  /** And any one of these, too; empty where no search is needed. */
  readonly searchRoles: readonly string[];
  /** The attribute, a time, by whose ranges it is read and counted; null where it is read otherwise. */
  readonly cursor: string | null;
  /** True for a small table that gives names to ids in other streams; its deleted rows are needed for that, too. */
  readonly isLookup: boolean;
  /** True for what an account sets up once: it is seldom asked for again, and an account or a key may not have it. */
  readonly isSetting: boolean;
  readonly columns: readonly Column[];
};

type StreamData = {
  name: string;
  type: string;
  summary: string;
  read: SearchRead | ListRead;
  roles: readonly string[];
  isLookup?: true;
  /** A setting is a lookup, too. */
  isSetting?: true;
  /** Kustomer's attribute names with their kinds; the column is the same name in snake_case. */
  attributes: Readonly<Record<string, Kind>>;
  /** Other names for columns, by attribute: for one that would be called as another column is. */
  names?: Readonly<Record<string, string>>;
  /** To-one relationships; `createdBy` becomes the column `created_by_id`. */
  relationships: readonly string[];
};

/** Any one of these roles lets a key use search; it needs one beside the stream's own. */
export const SEARCH_ROLES: readonly string[] = [
  "org.permission.search.create",
  "org.permission.search.update",
  "org.permission.search_global.create",
  "org.permission.search_preview.create",
  "org.user.search.read",
  "org.admin.search.read",
];

const member = (name: "id" | "type" | "relationships" | "links", kind: Kind): Column => ({
  name,
  kind,
  source: { from: "member", name },
});
const own = (name: string, kind: Kind): Column => ({ name, kind, source: { from: "own", name } });

/** Columns that every table ends with: when we last wrote the row, when it was deleted, what fits nowhere. */
const OWN_COLUMNS: readonly Column[] = [
  own("_synced_at", "time"),
  own("_deleted_at", "time"),
  own("_extra", "json"),
];

/** Makes a stream of its data; throws where two columns would have one name. */
export function defineStream(data: StreamData): Stream {
  const columns: Column[] = [
    member("id", "text"),
    member("type", "text"),
    ...Object.entries(data.attributes).map(
      ([name, kind]): Column => ({
        name: data.names?.[name] ?? snakeCase(name),
        kind,
        source: { from: "attribute", name },
      }),
    ),
    ...data.relationships.map(
      (name): Column => ({
        name: `${snakeCase(name)}_id`,
        kind: "text",
        source: { from: "relationship", name },
      }),
    ),
    member("relationships", "json"),
    member("links", "json"),
    ...OWN_COLUMNS,
  ];
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) throw new Error(`stream ${data.name} has two columns named ${name}`);
    names.add(name);
  }
  const { name, type, summary, read, roles, isSetting = false, isLookup = isSetting } = data;
  const isSearched = read.by === "search";
  const [searchRoles, cursor] = isSearched ? [SEARCH_ROLES, "updatedAt"] : [[], null];
  return { name, type, summary, read, roles, searchRoles, cursor, isLookup, isSetting, columns };
}

/**
 * True for the types of a stream's own rows, of which its table holds no others: the stream's type (`kobject`), one of
 * its kinds (`kobject.order`), or the stream's name (`kobjects`).
 */
export function isTypeOf(stream: Pick<Stream, "name" | "type">, type: string): boolean {
  return type === stream.type || type === stream.name || type.startsWith(`${stream.type}.`);
}

/**
 * Turns an attribute's name into a column's, the same way for known columns and for new ones: `updatedAt` → `updated_at`, `s3DataUrl` → `s3_data_url`, `shopify-orders` → `shopify_orders`. Letters of
 * other scripts stay; every other run of characters becomes one underscore. May return an empty string.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .toLowerCase();
}
