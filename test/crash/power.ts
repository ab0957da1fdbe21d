/**
 * What a loss of power leaves of a database and its -wal. In WAL mode with `synchronous = NORMAL` SQLite brings the -wal to
 * the disk before it copies pages from it, and the file after that; of what was written to the -wal since, any part may
 * be there, and while pages are copied the file may have any of them, whole or torn.
 * https://www.sqlite.org/fileformat.html#the_write_ahead_log
 */

/** How the disk is written to: of what is smaller nothing is torn. */
const SECTOR_BYTES = 512;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export type Files = { readonly db: Uint8Array; readonly wal: Uint8Array | null };
type Random = () => number;

export const below = (random: Random, end: number) => Math.floor(random() * Math.max(1, end));

/** States that the disk may be in, by name. */
export function statesAfter(
  { db, wal }: Files & { readonly wal: Uint8Array },
  random: Random,
): [string, Files][] {
  const frame = FRAME_HEADER_BYTES + pageBytes(wal);
  const ends = [0, 1, 2, 3].map((back) => Math.max(WAL_HEADER_BYTES, wal.length - back * frame));
  const somewhere = () => below(random, wal.length);
  const sector = () => Math.floor(somewhere() / SECTOR_BYTES) * SECTOR_BYTES;
  const changed = (change: (bytes: Uint8Array) => Uint8Array): Files => ({
    db,
    wal: change(Uint8Array.from(wal)),
  });
  const cut = (at: number) => changed((bytes) => bytes.slice(0, at));
  return [
    ["all of it", { db, wal }],
    ["no -wal", { db, wal: null }],
    ...[0, 10, WAL_HEADER_BYTES, WAL_HEADER_BYTES + 7].map((at): [string, Files] => [
      `cut at ${at}`,
      cut(at),
    ]),
    ...ends.slice(1).map((at): [string, Files] => [`cut before a frame, at ${at}`, cut(at)]),
    ...ends.slice(0, 2).map((at): [string, Files] => {
      const within = at - 1 - below(random, frame - 1);
      return [`cut within a frame, at ${within}`, cut(within)];
    }),
    ...Array.from({ length: 5 }, (): [string, Files] => {
      const at = somewhere();
      return [`cut at ${at}`, cut(at)];
    }),
    ...Array.from({ length: 4 }, (): [string, Files] => {
      const at = sector();
      return [`nothing in the sector at ${at}`, changed((bytes) => bytes.fill(0, at, at + SECTOR_BYTES))];
    }),
    ...Array.from({ length: 2 }, (): [string, Files] => {
      const at = sector();
      return [`nothing from ${at} on`, changed((bytes) => bytes.fill(0, at))];
    }),
    ...Array.from({ length: 2 }, (): [string, Files] => {
      const at = sector();
      const noise = (bytes: Uint8Array) => {
        for (let place = at; place < Math.min(bytes.length, at + SECTOR_BYTES); place += 1)
          bytes[place] = below(random, 256);
        return bytes;
      };
      return [`what was there before in the sector at ${at}`, changed(noise)];
    }),
    ...Array.from({ length: 5 }, (): [string, Files] => [
      "pages half copied",
      { db: halfCopied(db, wal, random), wal },
    ]),
  ];
}

/** The file while pages are copied to it: each of those that are committed is there, or not, or in part. */
function halfCopied(db: Uint8Array, wal: Uint8Array, random: Random): Uint8Array {
  const size = pageBytes(wal);
  const view = new DataView(wal.buffer, wal.byteOffset, wal.byteLength);
  const pages = new Map<number, Uint8Array>();
  const pending = new Map<number, Uint8Array>();
  for (
    let at = WAL_HEADER_BYTES;
    at + FRAME_HEADER_BYTES + size <= wal.length;
    at += FRAME_HEADER_BYTES + size
  ) {
    // Frames of an earlier round lie behind the last one of this, with another salt.
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20))
      break;
    const from = at + FRAME_HEADER_BYTES;
    pending.set(view.getUint32(at), wal.subarray(from, from + size));
    if (view.getUint32(at + 4) === 0) continue;
    for (const [number, page] of pending) pages.set(number, page);
    pending.clear();
  }
  const last = Math.max(db.length / size, ...pages.keys());
  const copied = new Uint8Array(last * size);
  copied.set(db);
  for (const [number, page] of pages) {
    const chance = random();
    if (chance < 0.4) continue;
    const torn = chance < 0.8 ? size : below(random, size / SECTOR_BYTES) * SECTOR_BYTES;
    copied.set(page.subarray(0, torn), (number - 1) * size);
  }
  return random() < 0.5 ? copied : copied.slice(0, Math.max(db.length, below(random, last) * size));
}

function pageBytes(wal: Uint8Array): number {
  return new DataView(wal.buffer, wal.byteOffset, wal.byteLength).getUint32(8);
}
