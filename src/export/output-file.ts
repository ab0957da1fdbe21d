/**
 * One file being written: encoded, compressed, counted and summed as it goes. While bytes are written the next are
 * made, and no more than those two pieces are held.
 */
import type { FileHandle } from "node:fs/promises";
import { createCompressor } from "./compression.ts";
import type { Disk } from "./disk.ts";
import type { ByteSink, Compression } from "./format.ts";

export type Written = { readonly bytes: number; readonly sha256: string };

export type OutputFile = {
  readonly write: ByteSink;
  /** Brings the file to the disk. */
  readonly end: () => Promise<Written>;
  /** Closes the file as it is; never throws. */
  readonly abandon: () => Promise<void>;
};

/** Makes a file; `onBytes` hears of each piece that is written. */
export async function createOutputFile(
  disk: Disk,
  path: string,
  compression: Compression,
  onBytes: (bytes: number) => void,
): Promise<OutputFile> {
  const file: FileHandle = await disk.create(path);
  const hash = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  let pending: Promise<void> = Promise.resolve();
  const compressor = createCompressor(compression, async (piece) => {
    await pending;
    bytes += piece.length;
    pending = disk.write(file, piece);
    // Heard of when the next piece comes; until then it is nobody's unhandled failure.
    pending.catch(() => {});
    hash.update(piece);
    onBytes(piece.length);
  });
  return {
    write: compressor.write,
    async end() {
      await compressor.end();
      await pending;
      await disk.finish(file);
      return { bytes, sha256: hash.digest("hex") };
    },
    async abandon() {
      try {
        await pending.catch(() => {});
        await file.close();
      } catch {
        // Closed already, or never to be: the folder it is in goes anyway.
      }
    },
  };
}
