/**
 * Somebody edits rows when a search has found them and not yet fetched them: the page stands in the order from
 * before, and shows the rows from after. The edits are real. Each row is edited only so many times in this way, or
 * reading the account would never come to an end.
 */
import type { Quirks } from "./quirks.ts";
import type { StreamName, World } from "./world.ts";

export type HitEdits = (stream: StreamName, rows: readonly number[], now: number, quirks: Quirks) => void;

/** Makes an editor that remembers how often it has edited each row. */
export function createHitEdits(world: World): HitEdits {
  const edited = new Map<string, number>();
  return (stream, rows, now, { hitsEdited = 0, hitsEditedTimes = 1 }) => {
    for (const [place, row] of rows.entries()) {
      // Spread over the page: of a half, every second row after the first.
      if (Math.floor(place * hitsEdited) === Math.floor((place - 1) * hitsEdited) || place === 0) continue;
      const key = `${stream} ${row}`;
      const times = edited.get(key) ?? 0;
      if (times >= hitsEditedTimes) continue;
      edited.set(key, times + 1);
      world.tables[stream].touch(row, now);
    }
  };
}
