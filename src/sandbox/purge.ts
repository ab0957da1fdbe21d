/**
 * Rows that vanish for good, as by a privacy request or a retention rule: no search, list or count shows them
 * afterwards, no `updatedAt` moves, and nothing tells that they were there.
 */
import { hash, Random } from "./random.ts";
import { isStreamName, type World } from "./world.ts";

/** Makes a purger: each call removes up to `count` live rows of a stream, at random, and returns their ids. */
export function createPurge(world: World): (stream: string, count: number) => string[] {
  const random = new Random(hash(world.seed, 778));
  return (stream, count) => {
    if (!isStreamName(stream)) return world.settings.purge(stream, count);
    const table = world.tables[stream];
    const live = table.inIdOrder().filter((row) => table.isLive(row));
    const ids: string[] = [];
    while (ids.length < count && live.length > 0) {
      const place = random.int(live.length);
      const row = live[place]!;
      live[place] = live.at(-1)!;
      live.pop();
      ids.push(table.id(row));
      table.purge(row);
    }
    return ids;
  };
}
