/** Changes some bytes of a file or an answer, in the ways that disks, networks and hands do. */

/** Of a database of SQLite the beginning says most, and of a page its first bytes. */
const HEADER_BYTES = 100;
const PAGE_BYTES = 4_096;
const PAGE_HEADER_BYTES = 12;

type Random = () => number;

/** A copy with some bytes changed, gone or in another place. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = Uint8Array.from(bytes);
  const times = 1 + Math.floor(random() ** 3 * 12);
  for (let time = 0; time < times && changed.length > 0; time += 1) {
    const how = WAYS[Math.floor(random() * WAYS.length)]!;
    changed = how(changed, random);
  }
  return changed;
}

const below = (random: Random, end: number) => Math.floor(random() * Math.max(1, end));

/** Where a change is likely to matter. */
function place(bytes: Uint8Array, random: Random): number {
  const chance = random();
  if (chance < 0.2) return below(random, Math.min(HEADER_BYTES, bytes.length));
  if (chance < 0.5) {
    const page = below(random, Math.ceil(bytes.length / PAGE_BYTES));
    return Math.min(bytes.length - 1, page * PAGE_BYTES + below(random, PAGE_HEADER_BYTES));
  }
  return below(random, bytes.length);
}

const WAYS: readonly ((bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>)[] = [
  function flipBit(bytes, random) {
    const at = place(bytes, random);
    bytes[at]! ^= 1 << below(random, 8);
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[place(bytes, random)] = [0, 1, 0x7f, 0x80, 0xff, below(random, 256)][below(random, 6)]!;
    return bytes;
  },
  function zeros(bytes, random) {
    const at = place(bytes, random);
    return bytes.fill(random() < 0.5 ? 0 : 0xff, at, at + 1 + below(random, 600));
  },
  function cut(bytes, random) {
    return random() < 0.3 ? bytes.slice(0, place(bytes, random)) : bytes;
  },
  function swapPages(bytes, random) {
    const [one, other] = [0, 0].map(() => below(random, bytes.length / PAGE_BYTES) * PAGE_BYTES);
    const page = bytes.slice(one, one! + PAGE_BYTES);
    bytes.copyWithin(one!, other!, other! + PAGE_BYTES);
    bytes.set(page.subarray(0, Math.min(page.length, bytes.length - other!)), other);
    return bytes;
  },
  function copyElsewhere(bytes, random) {
    return bytes.copyWithin(
      place(bytes, random),
      place(bytes, random),
      place(bytes, random) + below(random, 64),
    );
  },
  /** Text keeps its length, and says something else: states, names of columns, JSON, SQL. */
  function otherSign(bytes, random) {
    const at = below(random, bytes.length);
    const isText = bytes[at]! >= 0x20 && bytes[at]! < 0x7f;
    if (isText) bytes[at] = `{}[]",:0129aZ_ '`.charCodeAt(below(random, 16));
    return bytes;
  },
];
