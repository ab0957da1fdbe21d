/**
 * Gathers encoded lines into chunks of bytes of about one size. Two take turns, so that a sink may use one while
 * the other fills, and none is made anew.
 */
import type { ByteSink } from "./format.ts";

const CHUNK_BYTES = 256 * 1024;

export type Chunks = {
  /** The chunk that is being filled, and how much of it is. */
  bytes: Buffer<ArrayBuffer>;
  filled: number;
  /** Makes room for so many more bytes; only where it returns a promise is there something to wait for. */
  readonly reserve: (bytes: number) => Promise<void> | undefined;
  /** Hands on what is left. */
  readonly end: () => Promise<void>;
};

export function createChunks(out: ByteSink): Chunks {
  const flush = async () => {
    if (chunks.filled > 0) await out(chunks.bytes.subarray(0, chunks.filled));
    chunks.filled = 0;
  };
  let other = createBuffer(CHUNK_BYTES);
  const chunks: Chunks = {
    bytes: createBuffer(CHUNK_BYTES),
    filled: 0,
    reserve(bytes) {
      if (chunks.bytes.length - chunks.filled >= bytes) return undefined;
      return flush().then(() => {
        [chunks.bytes, other] = [other, chunks.bytes];
        if (chunks.bytes.length < bytes) chunks.bytes = createBuffer(bytes);
      });
    },
    end: flush,
  };
  return chunks;
}

/** Puts in a text, for which there has to be room. */
export function putText(chunks: Chunks, text: string): void {
  chunks.filled += chunks.bytes.write(text, chunks.filled);
}

/** The most bytes that a text takes: UTF-8 has three at most for each of JavaScript's characters. */
export function mostBytes(text: string): number {
  return text.length * 3;
}

function createBuffer(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(bytes));
}
