/**
 * Reads the body of an answer up to a size and no further: no more than that is ever held, whatever comes.
 * It is unpacked here, not by the runtime, which unpacks all that has arrived before anybody can stop it: 1.6
 * kB of brotli became 2 GB of memory.
 */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

export type Body =
  | { readonly kind: "whole"; readonly text: string }
  /** There is more of it than was allowed. */
  | { readonly kind: "too-large" }
  /** It is not packed as `encoding` says, or in a way that is not known. */
  | { readonly kind: "garbled"; readonly encoding: string };

type Unpack = (packed: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array;

const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};
/** As large as what a fetch brings at a time: with less, unpacking a page takes half as long again. */
const CHUNK_BYTES = 1 << 18;

/** What may be sent to us, as the header `accept-encoding`. */
export const ACCEPT_ENCODING = "gzip, deflate, br, zstd";

/** What an answer may hold where nothing else is said: a page of 500 rows is a few megabytes. */
export const MAX_BODY_BYTES = 64_000_000;

/** Reads a body as UTF-8 text; `encoding` is its content-encoding, `maxBytes` counts the unpacked bytes. */
export async function readBody(
  stream: ReadableStream<Uint8Array> | null | undefined,
  encoding: string | null,
  maxBytes: number,
): Promise<Body> {
  // What is packed is not smaller always: a few bytes of header may be added.
  const packed = await readBytes(stream, maxBytes + 1_024);
  if (packed === null) return { kind: "too-large" };
  const name = encoding?.trim().toLowerCase() ?? "";
  let bytes: Uint8Array = packed;
  if (name !== "" && name !== "identity" && packed.length > 0) {
    const unpack = Object.hasOwn(UNPACK, name) ? UNPACK[name] : undefined;
    if (unpack === undefined) return { kind: "garbled", encoding: name };
    try {
      bytes = unpack(packed, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES });
    } catch (error) {
      const { code } = error as { code?: unknown };
      return code === "ERR_BUFFER_TOO_LARGE" ? { kind: "too-large" } : { kind: "garbled", encoding: name };
    }
  }
  if (bytes.length > maxBytes) return { kind: "too-large" };
  return { kind: "whole", text: new TextDecoder().decode(bytes) };
}

/** Null when there are more than `max`; the connection is then closed. */
async function readBytes(
  stream: ReadableStream<Uint8Array> | null | undefined,
  max: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > max) return null;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
