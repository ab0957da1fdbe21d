/**
 * One column of a row group, encoded as its values come: no value is held, only its bytes. They are put into a
 * dictionary for as long as that pays, and else stand for themselves. All of it is used again for the next row group.
 */
import type { ColumnChunk, CompressionCodec, Encoding } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import type { Kind } from "../../streams/define.ts";
import type { ExportColumn, ExportValue } from "../format.ts";
import { type Bytes, createBytes, filled, put, putByte, reserve } from "./bytes.ts";
import { putRuns } from "./runs.ts";
import { isRequired, TYPES } from "./schema.ts";
import { PUT } from "./values.ts";

export type Packing = {
  readonly codec: CompressionCodec;
  readonly compress: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
};

export type ColumnEncoder = {
  readonly add: (value: ExportValue) => void;
  /** Writes the pages of what was added, and begins anew; `page` is where they are made, for all columns by turns. */
  readonly end: (writer: ByteWriter, packing: Packing, page: Bytes) => ColumnChunk;
};

/** As many as two bytes can number. */
const MOST_ENTRIES = 65_536;
/** After so many values a dictionary has to show that it pays: by half of them at most being new. */
const TRIAL = 64;

export function createColumnEncoder(column: ExportColumn): ColumnEncoder {
  const { kind, name } = column;
  const putValue = PUT[kind];
  const required = isRequired(column);
  const levels = createBytes();
  const plain = createBytes();
  /** The number of each value that was met, and where in `plain` each begins; null once it does not pay. */
  let dictionary = createDictionary(kind);
  const starts: number[] = [];
  let indexes = new Uint16Array(TRIAL);
  let values = 0;

  /** Puts the values themselves where their numbers were. */
  const giveUp = () => {
    if (dictionary === null) return;
    const entries = Uint8Array.from(filled(plain));
    starts.push(plain.length);
    plain.length = 0;
    for (let nth = 0; nth < values; nth += 1) {
      const entry = indexes[nth]!;
      put(plain, entries.subarray(starts[entry], starts[entry + 1]));
    }
    dictionary = null;
  };
  const addToDictionary = (value: Exclude<ExportValue, null>, entries: Map<ExportValue, number>) => {
    let index = entries.get(value);
    if (index === undefined) {
      index = entries.size;
      entries.set(value, index);
      starts.push(plain.length);
      putValue(plain, value);
    }
    if (values === indexes.length) {
      const more = new Uint16Array(values * 2);
      more.set(indexes);
      indexes = more;
    }
    indexes[values] = index;
    values += 1;
    const isPoor = values >= TRIAL && entries.size * 2 > values;
    if (isPoor || entries.size === MOST_ENTRIES) giveUp();
  };
  const putIndexes = (page: Bytes, width: number) => {
    putByte(page, width);
    putRuns(page, indexes, values, width);
  };
  const putBits = (page: Bytes) => {
    for (let from = 0; from < values; from += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8 && from + bit < values; bit += 1) byte |= plain.buffer[from + bit]! << bit;
      putByte(page, byte);
    }
  };
  const putLevels = (page: Bytes) => {
    reserve(page, 4);
    page.length += 4;
    putRuns(page, levels.buffer, levels.length, 1);
    page.view.setUint32(0, page.length - 4, true);
  };

  return {
    add(value) {
      if (value === null && required) throw new TypeError(`${name} is NULL`);
      if (!required) putByte(levels, value === null ? 0 : 1);
      if (value === null) return;
      if (dictionary !== null) {
        addToDictionary(value, dictionary);
        return;
      }
      putValue(plain, value);
      values += 1;
    },
    end(writer, { codec, compress }, page) {
      const begin = writer.offset;
      let uncompressed = 0;
      const writePage = (bytes: Uint8Array<ArrayBuffer>, header: Omit<PageHeader, PageSizes>) => {
        const packed = compress(bytes);
        const at = writer.offset;
        const sizes = { uncompressed_page_size: bytes.length, compressed_page_size: packed.length };
        writePageHeader(writer, { ...header, ...sizes });
        uncompressed += writer.offset - at + bytes.length;
        writer.appendBytes(packed);
      };
      const rows = required ? values : levels.length;
      const entries = dictionary?.size ?? 0;
      if (entries > 0) {
        const dictionary_page_header = { num_values: entries, encoding: "PLAIN" as const };
        writePage(filled(plain), { type: "DICTIONARY_PAGE", dictionary_page_header });
      }
      const dataAt = writer.offset;
      const encoding: Encoding = entries > 0 ? "RLE_DICTIONARY" : "PLAIN";
      page.length = 0;
      if (!required) putLevels(page);
      if (entries > 0) putIndexes(page, widthOf(entries));
      else if (kind === "bool") putBits(page);
      else put(page, filled(plain));
      writePage(filled(page), {
        type: "DATA_PAGE",
        data_page_header: {
          num_values: rows,
          encoding,
          definition_level_encoding: "RLE",
          repetition_level_encoding: "RLE",
        },
      });
      levels.length = 0;
      plain.length = 0;
      values = 0;
      starts.length = 0;
      dictionary = createDictionary(kind);
      return {
        file_offset: BigInt(begin),
        meta_data: {
          type: TYPES[kind].type,
          encodings: entries > 0 ? ["PLAIN", "RLE", "RLE_DICTIONARY"] : ["PLAIN", "RLE"],
          path_in_schema: [name],
          codec,
          num_values: BigInt(rows),
          total_uncompressed_size: BigInt(uncompressed),
          total_compressed_size: BigInt(writer.offset - begin),
          data_page_offset: BigInt(dataAt),
          ...(entries > 0 ? { dictionary_page_offset: BigInt(begin) } : {}),
        },
      };
    },
  };
}

/** A bool takes a bit as it is; and to a map both zeros are one. */
function createDictionary(kind: Kind): Map<ExportValue, number> | null {
  return kind === "bool" || kind === "real" ? null : new Map();
}

type PageHeader = Parameters<typeof writePageHeader>[1];
type PageSizes = "uncompressed_page_size" | "compressed_page_size";

/** How many bits number so many entries; one at least, so that a run has something to repeat. */
function widthOf(entries: number): number {
  return Math.max(1, 32 - Math.clz32(entries - 1));
}
