/**
 * What happened to the rows of the account in bulk: deletions, small groups written in one go, and one edit
 * of very many rows, which all have the same `updatedAt` to the millisecond.
 */
import { fraction, hash, scatter } from "./random.ts";
import type { Table } from "./table.ts";
import type { World } from "./world.ts";

const DAY = 86_400_000;

/** Soft-deletes about one row in fifty, and always one; a deletion is a change. */
export function deleteSome(table: Table, anchor: number): void {
  for (let row = 0; row < table.size; row++) {
    if (hash(table.salt, row, 11) % 50 !== 0 && row !== 0) continue;
    const updated = table.updated[row]!;
    const wanted = updated + Math.floor(60 * DAY * fraction(table.salt, row, 12) ** 2) + 1;
    const at = Math.min(wanted, Math.max(updated, anchor - 1));
    table.updated[row] = at;
    table.deleted[row] = at;
  }
}

/** Gives small groups of neighbouring rows one `updatedAt`: that of the latest of them. */
export function tieSome(table: Table): void {
  for (let row = 0; row < table.size; row++) {
    if (hash(table.salt, row, 13) % 120 !== 0) continue;
    const end = Math.min(table.size, row + 2 + (hash(table.salt, row, 14) % 6));
    let latest = 0;
    for (let other = row; other < end; other++) {
      if (table.deleted[other] === 0) latest = Math.max(latest, table.updated[other]!);
    }
    for (let other = row; other < end; other++) {
      if (table.deleted[other] === 0) table.updated[other] = latest;
    }
    row = end;
  }
}

/** How many rows the one great edit touches, and of which stream. */
export function bulkPlan(
  rows: number,
  conversations: number,
): { stream: "conversations" | "messages"; count: number } {
  return {
    stream: conversations < 4_000 ? "messages" : "conversations",
    count: rows < 5_000 ? Math.floor(rows / 5) : 1_200,
  };
}

/** The instant of the great edit: some weeks before the anchor. */
export function bulkInstant(anchor: number): number {
  return anchor - 24 * DAY + 11_829_451;
}

/** Edits many live rows, created and last changed at very different times, at one instant. */
export function bulkEdit(world: World, rows: number): void {
  const { stream, count } = bulkPlan(rows, world.tables.conversations.size);
  const table = world.tables[stream];
  const at = bulkInstant(world.anchor);
  for (let row = 0; row < table.size; row++) {
    if (table.updated[row] === at) table.updated[row] = at + 1;
    if (table.deleted[row] === at) table.deleted[row] = at + 1;
  }
  const recent = at - 680 * DAY;
  let left = count;
  // First those that leave the share of old rows as it is; the very small account has to take any.
  for (const oldest of [recent, 0]) {
    for (let nth = 0; nth < table.size && left > 0; nth++) {
      const row = scatter(nth, table.size);
      const updated = table.updated[row]!;
      if (table.deleted[row] !== 0 || updated < oldest || updated >= at) continue;
      table.updated[row] = at;
      table.rev[row]!++;
      left--;
    }
  }
}
