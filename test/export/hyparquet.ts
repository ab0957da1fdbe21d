/** Parquet as hyparquet reads it. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";

export async function readParquetRows(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file, compressors: DECOMPRESSORS });
}

const DECOMPRESSORS = {
  GZIP: (bytes: Uint8Array) => Uint8Array.from(gunzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => Uint8Array.from(zstdDecompressSync(bytes)),
};
