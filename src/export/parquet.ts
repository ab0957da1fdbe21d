/**
 * Parquet, a row group at a time: that is what is held, and it is cut by its size and not only by its rows, so that
 * memory depends on neither the table nor the width of its rows; unless somebody says how many rows they want. hyparquet-writer writes all that is around the
 * columns' pages; the pages are our own, because with its own an export takes 1.7 times the time.
 */
import type { CompressionCodec, Statistics as ParquetStatistics } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { VERSION } from "../lib/version.ts";
import type { ByteSink, Compression, Format } from "./format.ts";
import { createBytes } from "./parquet/bytes.ts";
import { createColumnEncoder, type Packing } from "./parquet/column.ts";
import { schemaOf } from "./parquet/schema.ts";
import { instantMs } from "./parquet/values.ts";
import { type ColumnStatistics, createStatistics } from "./statistics.ts";

/** What a row group holds at most where nobody says, in rows and in characters of text. */
const GROUP_ROWS = 122_880;
const GROUP_CHARACTERS = 8 * 1024 * 1024;
/** A page's size is a number of 32 bits, and a character takes up to three bytes. */
const MOST_CHARACTERS = 512 * 1024 * 1024;

const PACKINGS: Readonly<Record<Compression, Packing>> = {
  none: { codec: "UNCOMPRESSED", compress: (bytes) => bytes },
  gzip: { codec: "GZIP", compress: (bytes) => Bun.gzipSync(bytes) },
  // Beyond the first level it takes twice the time for a few per cent.
  zstd: { codec: "ZSTD", compress: (bytes) => Bun.zstdCompressSync(bytes, { level: 1 }) },
};

export const parquet: Format = {
  name: "parquet",
  compressesItself: true,
  compression: "zstd",
  begin: (columns, out, { compression, rowGroupRows }) => {
    const mostRows = rowGroupRows ?? GROUP_ROWS;
    const mostCharacters = rowGroupRows === undefined ? GROUP_CHARACTERS : MOST_CHARACTERS;
    const sink = new SinkWriter(out);
    const file = new ParquetWriter({
      writer: sink,
      schema: schemaOf(columns),
      codec: PACKINGS[compression].codec as CompressionCodec & "UNCOMPRESSED",
      statisticsTruncateLength: Number.POSITIVE_INFINITY,
      createdBy: `kustomer-sync version ${VERSION}`,
    });
    const page = createBytes();
    const encoders = columns.map(createColumnEncoder);
    let statistics = createStatistics(columns);
    let rows = 0;
    let characters = 0;

    const writeGroup = async () => {
      const begin = sink.offset;
      const told = statistics.result();
      const chunks = encoders.map((encoder, column) => {
        const chunk = encoder.end(sink, PACKINGS[compression], page);
        chunk.meta_data!.statistics = bounds(told[column]!);
        return chunk;
      });
      const sizes = chunks.map(({ meta_data }) => meta_data!.total_uncompressed_size);
      file.row_groups.push({
        columns: chunks,
        total_byte_size: sizes.reduce((sum, size) => sum + size, 0n),
        total_compressed_size: BigInt(sink.offset - begin),
        num_rows: BigInt(rows),
      });
      file.num_rows += BigInt(rows);
      statistics = createStatistics(columns);
      rows = 0;
      characters = 0;
      await sink.flush();
    };
    return {
      async write(taken) {
        for (const row of taken) {
          for (let column = 0; column < encoders.length; column += 1) {
            const value = row[column]!;
            if (typeof value === "string") characters += value.length;
            encoders[column]!.add(value);
          }
          statistics.add(row);
          rows += 1;
          if (rows >= mostRows || characters >= mostCharacters) await writeGroup();
        }
      },
      async end() {
        if (rows > 0) await writeGroup();
        await file.finish();
      },
    };
  },
};

/** The bounds of a chunk as Parquet's types have them; of json there are none, and those of text may be cut. */
function bounds({ kind, nulls, min, max, exact }: ColumnStatistics): ParquetStatistics {
  const convert = (bound: ColumnStatistics["min"]) => {
    if (bound === null) return undefined;
    if (kind === "time") return BigInt(instantMs(String(bound)));
    return kind === "int" ? BigInt(bound) : bound;
  };
  const [low, high] = [convert(min), convert(max)];
  return {
    null_count: BigInt(nulls),
    // Readers may take either zero for a bound, and so the wider one is told.
    ...(low === undefined ? {} : { min_value: low === 0 ? -0 : low, is_min_value_exact: exact }),
    ...(high === undefined ? {} : { max_value: high === 0 ? 0 : high, is_max_value_exact: exact }),
  };
}

const BUFFER_BYTES = 64 * 1024;

/** Hands on what a row group has put in. Two buffers take turns, since a sink may use one until its next call. */
class SinkWriter extends ByteWriter {
  readonly #out: ByteSink;
  #other = new ArrayBuffer(BUFFER_BYTES);

  constructor(out: ByteSink) {
    super(BUFFER_BYTES);
    this.#out = out;
  }

  async flush(): Promise<void> {
    const bytes = this.getBytes();
    [this.buffer, this.#other] = [this.#other, this.buffer];
    this.view = new DataView(this.buffer);
    this.index = 0;
    await this.#out(bytes);
  }

  override finish(): Promise<void> {
    return this.flush();
  }
}
