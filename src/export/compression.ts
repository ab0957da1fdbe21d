/** Compresses a stream of bytes as it comes: what goes in comes out in pieces, of which few are held. */
import { once } from "node:events";
import { createGzip, createZstdCompress } from "node:zlib";
import type { ByteSink, Compression } from "./format.ts";

export type Compressor = { readonly write: ByteSink; readonly end: () => Promise<void> };

/** What a compressed file's name ends with. */
export const EXTENSION = { none: "", gzip: ".gz", zstd: ".zst" } as const satisfies Record<
  Compression,
  string
>;

/** Puts compression before a sink; `none` hands everything on as it is. */
export function createCompressor(compression: Compression, out: ByteSink): Compressor {
  if (compression === "none") return { write: out, end: async () => {} };
  const stream = compression === "gzip" ? createGzip() : createZstdCompress();
  const pieces: Uint8Array[] = [];
  stream.on("data", (piece: Uint8Array) => pieces.push(piece));
  const drain = async () => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) await out(piece);
  };
  return {
    async write(bytes) {
      await new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
      await drain();
    },
    async end() {
      const ended = once(stream, "end");
      stream.end();
      await ended;
      await drain();
    },
  };
}
