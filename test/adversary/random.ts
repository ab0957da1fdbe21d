/** Chance that a seed brings again. */

export type Random = {
  /** In [0, 1). */
  (): number;
  /** A whole number in [from, to). */
  int(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  chance(part: number): boolean;
};

/** A generator (mulberry32) of its own for each name, so that one more question moves no other's chance. */
export function createRandom(...names: readonly (string | number)[]): Random {
  let state = hash(names.join("/"));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from));
  return Object.assign(next, {
    int,
    pick: <T>(items: readonly T[]): T => items[int(0, items.length)]!,
    chance: (part: number) => next() < part,
  });
}

/** A number in [0, 2^32) that a text always has (FNV-1a, stirred). */
export function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
