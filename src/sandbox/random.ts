/**
 * Seeded randomness: the same seed gives the same numbers on every machine, so that a data set can be
 * described by its seed and a row rendered again from its number alone.
 */

const UINT32 = 0x1_0000_0000;

/** Mixes up to four integers into one of 32 bits, 0 to 2^32 - 1. */
export function hash(a: number, b = 0, c = 0, d = 0): number {
  return mix(mix(mix(mix(a) ^ b) ^ c) ^ d);
}

/** One round of splitmix32's finaliser. */
function mix(value: number): number {
  let x = (value + 0x9e37_79b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** The same as `hash`, as a fraction from 0 up to, not including, 1. */
export function fraction(a: number, b = 0, c = 0, d = 0): number {
  return hash(a, b, c, d) / UINT32;
}

/** Visits 0 to `size` - 1 once each, scattered, as `nth` goes from 0 to `size` - 1. */
export function scatter(nth: number, size: number): number {
  return (nth * (size % 7919 === 0 ? 7907 : 7919)) % size;
}

/** A stream of numbers from one seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A fraction from 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    return mix(this.#state) / UINT32;
  }

  /** An integer from 0 up to, not including, `below`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }
}
