/** Rows that no account holds: well formed, each with an id of its own, as many of them as somebody asks for. */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { toOrg } from "./links.ts";
import { render } from "./render.ts";
import type { StreamName, World } from "./world.ts";

/** How many ids begin with the same second. */
const PER_SECOND = 0x100_0000;

/** The invented row of this number: like a row of the stream where it has any, and never one of them. */
export function inventRow(world: World, stream: StreamName, nth: number): Resource {
  const table = world.tables[stream];
  const made = world.anchor + Math.floor(nth / PER_SECOND) * 1_000;
  const second = Math.floor(made / 1_000).toString(16);
  // No table's ids have these ten digits in the middle: they draw eight of them and two more from a hash.
  const id = `${second.padStart(8, "0")}fffffffff0${(nth % PER_SECOND).toString(16).padStart(6, "0")}`;
  const model = table.size > 0 ? render(world, stream, nth % table.size) : null;
  const { deleted: _, deletedAt: __, ...attributes } = model?.attributes ?? {};
  const at = formatTime(made);
  return {
    type: model?.type ?? stream.slice(0, -1),
    id,
    attributes: { ...attributes, name: `invented-${nth}`, createdAt: at, updatedAt: at, modifiedAt: at },
    relationships: model?.relationships ?? { org: toOrg(world) },
    links: { self: `/v1/${stream}/${id}` },
  };
}
