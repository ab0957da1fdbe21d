/**
 * What a format of export is: how rows become the bytes of one file. A format knows nothing of files, streams or
 * SQLite; it is given typed columns and their values, and hands on bytes in order, so that memory stays bounded.
 */
import type { Kind } from "../streams/define.ts";

/** A column of an exported file; its kind comes from the catalog or the file's own record, never from rows. */
export type ExportColumn = { readonly name: string; readonly kind: Kind };

/**
 * A value as SQLite holds it: text, time and json are strings, bool is 0 or 1, int may be a bigint where it is
 * beyond 2^53, null is null.
 */
export type ExportValue = string | number | bigint | null;

/** A value per column, in the columns' order. */
export type ExportRow = readonly ExportValue[];

/** Takes the next bytes of a file; resolves when there is room for more. It may use them until the next call resolves. */
export type ByteSink = (bytes: Uint8Array) => void | Promise<void>;

export type Encoder = {
  readonly write: (rows: readonly ExportRow[]) => void | Promise<void>;
  /** Hands on what is left; nothing is written afterwards. */
  readonly end: () => void | Promise<void>;
  /** How many cells were longer than a spreadsheet's are, and have been cut; absent where none ever is. */
  readonly cutCells?: () => number;
};

export type Compression = "none" | "gzip" | "zstd";

export type Format = {
  readonly name: "csv" | "ndjson" | "parquet";
  /** True when the format compresses inside the file; false when the whole file is compressed. */
  readonly compressesItself: boolean;
  /** What is done where nobody says. */
  readonly compression: Compression;
  readonly begin: (
    columns: readonly ExportColumn[],
    out: ByteSink,
    options: {
      readonly compression: Compression;
      readonly forExcel: boolean;
      /** Rows in a row group, for a format that has them inside a file; else its own choice. */
      readonly rowGroupRows?: number;
    },
  ) => Encoder;
};
