/** Parquet as hyparquet reads it, but for JSON, which stays text: parsed, it would lose digits. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";

export async function readParquetRows(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const parsers = { ...DEFAULT_PARSERS, jsonFromBytes: DEFAULT_PARSERS.stringFromBytes };
  return parquetReadObjects({ file, compressors: DECOMPRESSORS, parsers });
}

const DECOMPRESSORS = {
  GZIP: (bytes: Uint8Array) => Uint8Array.from(gunzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => Uint8Array.from(zstdDecompressSync(bytes)),
};
