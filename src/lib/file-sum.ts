/** The SHA-256 of a file, read in pieces, so that a large one takes no memory and hears of Ctrl-C. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { wait } from "./wait.ts";

const PIECE_BYTES = 1 << 20;
/** How many pieces are read before anything else of this process has its turn. */
const PIECES_AT_ONCE = 32;

export type FileSum = { readonly sha256: string; readonly stats: Stats };

/** Reads a file, not through a link where the system can refuse that; throws what the system says. */
export async function sumFile(path: string, signal: AbortSignal): Promise<FileSum> {
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  // Opening a pipe would else wait for whoever writes to it.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    for (let count = 1; ; count += 1) {
      const length = readSync(file, piece);
      if (length === 0) return { sha256: hasher.digest("hex"), stats };
      hasher.update(piece.subarray(0, length));
      if (count % PIECES_AT_ONCE === 0) await wait(1, signal);
    }
  } finally {
    closeSync(file);
  }
}
