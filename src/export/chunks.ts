/**
 * Gathers encoded lines into chunks of bytes of about one size. Two take turns, so that a sink may use one while
 * the other fills, and none is made anew.
 */
import type { ByteSink } from "./format.ts";

const CHUNK_BYTES = 256 * 1024;

export type Chunks = {
  /** The chunk that is being filled, and how much of it is. */
  bytes: Uint8Array;
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
  let other: Uint8Array = new Uint8Array(CHUNK_BYTES);
  const chunks: Chunks = {
    bytes: new Uint8Array(CHUNK_BYTES),
    filled: 0,
    reserve(bytes) {
      if (chunks.bytes.length - chunks.filled >= bytes) return undefined;
      return flush().then(() => {
        [chunks.bytes, other] = [other, chunks.bytes];
        if (chunks.bytes.length < bytes) chunks.bytes = new Uint8Array(bytes);
      });
    },
    end: flush,
  };
  return chunks;
}

const encoder = new TextEncoder();

/** Encodes a line into a chunk; only where it returns a promise is there something to wait for. */
export function putLine(chunks: Chunks, line: string): Promise<void> | undefined {
  const put = () => {
    chunks.filled += encoder.encodeInto(line, chunks.bytes.subarray(chunks.filled)).written;
  };
  // UTF-8 takes at most three bytes for each of JavaScript's characters.
  const waiting = chunks.reserve(line.length * 3);
  if (waiting !== undefined) return waiting.then(put);
  put();
  return undefined;
}
