/**
 * The attributes that search knows, per object type: which can be compared and how, and which can be sorted
 * by. The standard search and the archive know different ones, as documented; an unknown one is refused.
 */
import type { Resource } from "../lib/resource.ts";
import { parseTime } from "../lib/time.ts";
import { render } from "./render.ts";
import { importedAt, kobjectKlass, modifiedAt } from "./traits.ts";
import type { StreamName, World } from "./world.ts";

export type AttributeKind = "date" | "id" | "text" | "bool" | "number";
export type AttributeValue = number | string | boolean | readonly string[] | null;

export type Attribute = {
  readonly name: string;
  readonly kind: AttributeKind;
  /** Dates are ms; null when the row has no value. */
  readonly read: (world: World, row: number) => AttributeValue;
  readonly sortable: boolean;
  /** True for `<context>_updated_at`, by which rows stand in order. */
  readonly isUpdate: boolean;
};

export type Objects = {
  readonly stream: StreamName;
  /** The klass that a `kobject_<klass>` context is confined to. */
  readonly klass: string | null;
  /** What attributes of the context begin with, in order of preference. */
  readonly prefixes: readonly string[];
};

const CONTEXTS: Readonly<Record<string, StreamName>> = {
  customer: "customers",
  conversation: "conversations",
  message: "messages",
  note: "notes",
  kobject: "kobjects",
};

const KLASSES = ["order", "return", "review"];

/** What a query context names, or null when there is no such context. The archive has no notes. */
export function findObjects(context: string, archive: boolean): Objects | null {
  const stream = Object.hasOwn(CONTEXTS, context) ? CONTEXTS[context] : undefined;
  if (stream !== undefined) {
    return stream === "notes" && archive ? null : { stream, klass: null, prefixes: [context] };
  }
  const klass = context.startsWith("kobject_") ? context.slice("kobject_".length) : "";
  return KLASSES.includes(klass) ? { stream: "kobjects", klass, prefixes: [context, "kobject"] } : null;
}

/** True when a row is of the klass that the context is confined to. */
export function inKlass(world: World, objects: Objects, row: number): boolean {
  return objects.klass === null || kobjectKlass(world, row) === objects.klass;
}

type Spec = { kind: AttributeKind; sortable?: boolean; archive?: boolean; standard?: boolean; read: Reader };
type Reader = (world: World, stream: StreamName, row: number) => AttributeValue;

/** An attribute of the rendered resource: slow, but search is rarely asked for it. */
const attribute =
  (...path: string[]): Reader =>
  (world, stream, row) => {
    const value = path.reduce<unknown>(
      (at, name) => (at as Record<string, unknown> | null | undefined)?.[name],
      render(world, stream, row).attributes,
    );
    if (Array.isArray(value))
      return value.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? value
      : null;
  };

const date = (...path: string[]): Spec => ({
  kind: "date",
  read: (world, stream, row) => {
    const text = attribute(...path)(world, stream, row);
    return typeof text === "string" ? parseTime(text) : null;
  },
});

const text = (...path: string[]): Spec => ({ kind: "text", read: attribute(...path) });

const related =
  (name: string): Reader =>
  (world, stream, row) => {
    const relationships = render(world, stream, row).relationships as Record<
      string,
      { data?: { id?: string } }
    >;
    return relationships[name]?.data?.id ?? null;
  };

const anyText: Spec = {
  kind: "text",
  standard: false,
  archive: true,
  read: (world, stream, row) => wordsOf(render(world, stream, row)),
};

function wordsOf(resource: Resource): string[] {
  return Object.values(resource.attributes).filter((value): value is string => typeof value === "string");
}

const COMMON: Readonly<Record<string, Spec>> = {
  id: { kind: "id", archive: true, read: (world, stream, row) => world.tables[stream].id(row) },
  created_at: {
    kind: "date",
    sortable: true,
    archive: true,
    read: (world, stream, row) => world.tables[stream].created[row]!,
  },
  updated_at: {
    kind: "date",
    sortable: true,
    archive: true,
    read: (world, stream, row) => world.tables[stream].updated[row]!,
  },
  imported_at: { kind: "date", read: (world, stream, row) => importedAt(world.tables[stream], row) },
};

const MODIFIED: Readonly<Record<string, Spec>> = {
  modified_at: {
    kind: "date",
    sortable: true,
    read: (world, stream, row) => modifiedAt(world.tables[stream], row),
  },
};

const DELETED: Spec = {
  kind: "bool",
  read: (world, stream, row) => world.tables[stream].deleted[row] !== 0,
};

const OF_STREAM: Readonly<Partial<Record<StreamName, Readonly<Record<string, Spec>>>>> = {
  customers: {
    ...COMMON,
    ...MODIFIED,
    name: { ...text("name"), sortable: true },
    email: { kind: "text", read: (world, stream, row) => emails(render(world, stream, row)) },
    locale: text("locale"),
    gender: { ...text("gender"), sortable: true },
    progressive_status: { ...text("progressiveStatus"), sortable: true },
    activity_at: { ...date("lastActivityAt"), sortable: true },
    last_seen_at: { ...date("lastSeenAt"), sortable: true },
    signed_up_at: { ...date("signedUpAt"), sortable: true },
    last_message_at: { ...date("lastMessageAt"), sortable: true },
    deleted: { ...DELETED, standard: false, archive: true, sortable: true },
    any_text_new: anyText,
  },
  conversations: {
    ...COMMON,
    ...MODIFIED,
    customer_id: { kind: "id", archive: true, read: related("customer") },
    last_message_at: date("lastMessageAt"),
    last_done_created_at: date("lastDone", "createdAt"),
    name: text("name"),
    status: text("status"),
    channels: text("channels"),
    direction: text("direction"),
    tags: text("tags"),
    assigned_users: text("assignedUsers"),
    assigned_teams: text("assignedTeams"),
    message_count: { kind: "number", read: attribute("messageCount") },
    priority: { kind: "number", read: attribute("priority") },
    deleted: { ...DELETED, standard: false, archive: true, sortable: true },
    any_text: anyText,
  },
  messages: {
    ...COMMON,
    id: { ...COMMON.id!, sortable: true },
    sent_at: date("sentAt"),
    redacted_at: { kind: "date", read: () => null },
    customer_id: { kind: "id", read: related("customer") },
    conversation_id: { kind: "id", standard: false, archive: true, read: related("conversation") },
    channel: text("channel"),
    direction: text("direction"),
    status: text("status"),
    preview: text("preview"),
    any_text: anyText,
  },
  notes: {
    ...COMMON,
    ...MODIFIED,
    customer_id: { kind: "id", read: related("customer") },
    conversation_id: { kind: "id", read: related("conversation") },
    deleted: DELETED,
    body: text("body"),
  },
  kobjects: {
    ...COMMON,
    customer_id: { kind: "id", archive: true, read: related("customer") },
    title: text("title"),
    any_text: anyText,
  },
};

function emails(resource: Resource): string[] {
  const list = resource.attributes.emails as readonly { email: string }[];
  return list.map(({ email }) => email);
}

/** The attribute of this name in a context, or null when search does not know it. */
export function findAttribute(objects: Objects, name: string, archive: boolean): Attribute | null {
  for (const prefix of objects.prefixes) {
    if (!name.startsWith(`${prefix}_`)) continue;
    const key = name.slice(prefix.length + 1);
    const found = lookUp(objects.stream, key, archive);
    if (found === null) continue;
    const { kind, read, sortable = false } = found;
    // Ids can be sorted by in the archive only.
    const bySort = sortable && (kind !== "id" || archive);
    const isUpdate = key === "updated_at";
    return { name, kind, sortable: bySort, isUpdate, read: (world, row) => read(world, objects.stream, row) };
  }
  return null;
}

function lookUp(stream: StreamName, key: string, archive: boolean): Spec | null {
  const specs = OF_STREAM[stream] ?? {};
  if (Object.hasOwn(specs, key)) {
    const spec = specs[key]!;
    return (archive ? spec.archive === true : spec.standard !== false) ? spec : null;
  }
  const custom = /^custom_(\w+)$/.exec(key)?.[1];
  if (custom === undefined || archive) return null;
  if (stream !== "kobjects") return customAttribute(custom);
  // Custom attributes of custom objects are named with their klass.
  const klass = KLASSES.find((name) => custom.startsWith(`${name}_`));
  return klass === undefined ? null : customAttribute(custom.slice(klass.length + 1));
}

/** A custom attribute, told by its suffix: `custom_total_spent_num` reads `totalSpentNum`. */
function customAttribute(key: string): Spec | null {
  const name = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const suffix = /(Str|Txt|Num|At|Bool|Url|Id|Tree)$/.exec(name)?.[1];
  if (suffix === undefined) return null;
  if (suffix === "At") return date("custom", name);
  const kind = suffix === "Num" ? "number" : suffix === "Bool" ? "bool" : "text";
  return { kind, read: attribute("custom", name) };
}
