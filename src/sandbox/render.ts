/**
 * Writes a row out as the resource Kustomer would send. The text of a row changes only with its revision or
 * with rows that change it too, so that two readings of one version are equal.
 */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { renderConversation } from "./render-conversations.ts";
import { renderCustomer } from "./render-customers.ts";
import { renderKobject } from "./render-kobjects.ts";
import { renderMessage, renderNote } from "./render-messages.ts";
import { renderShortcut, renderTag, renderTeam, renderUser } from "./render-settings.ts";
import { isStreamName, type StreamName, type World } from "./world.ts";

const RENDERERS: Readonly<Record<StreamName, (world: World, row: number) => Resource>> = {
  conversations: renderConversation,
  customers: renderCustomer,
  kobjects: renderKobject,
  messages: renderMessage,
  notes: renderNote,
  shortcuts: renderShortcut,
  tags: renderTag,
  teams: renderTeam,
  users: renderUser,
};

/** The whole resource of a row. */
export function render(world: World, stream: StreamName, row: number): Resource {
  return RENDERERS[stream](world, row);
}

/** What Kustomer says about a row's version and deletion: what a complete copy must agree with. */
export type Truth = {
  id: string;
  /** Null for what has no time of its own. */
  updatedAt: string | null;
  deleted: boolean;
  deletedAt: string | null;
};

/** The versions of what the account has set up, as `truthOf` tells them of rows. */
function* truthOfSettings(world: World, stream: string): Generator<Truth> {
  for (const { id, attributes } of world.settings.of(stream)) {
    const updatedAt = typeof attributes.updatedAt === "string" ? attributes.updatedAt : null;
    yield { id, updatedAt, deleted: false, deletedAt: null };
  }
}

/** The versions of all rows of a stream, deleted ones included, in no particular order. */
export function* truthOf(world: World, stream: string): Generator<Truth> {
  if (!isStreamName(stream)) return yield* truthOfSettings(world, stream);
  const table = world.tables[stream];
  for (let row = 0; row < table.size; row++) {
    if (table.purged.has(row)) continue;
    const { deleted, deletedAt } = deletion(world, stream, row);
    yield { id: table.id(row), updatedAt: formatTime(table.updated[row]!), deleted, deletedAt };
  }
}

function deletion(
  world: World,
  stream: StreamName,
  row: number,
): { deleted: boolean; deletedAt: string | null } {
  if (world.tables[stream].deleted[row] === 0) return { deleted: false, deletedAt: null };
  const said = RENDERERS[stream](world, row).attributes.deletedAt;
  return { deleted: true, deletedAt: typeof said === "string" ? said : null };
}
