/**
 * Parquet's hybrid of runs and bit-packed groups of eight, for definition levels and indexes into a dictionary:
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
import { type Bytes, putByte } from "./bytes.ts";

/** Shorter ones cost less in a group. */
const LEAST_RUN = 8;

/** Appends the first `count` values, each less than 2^`width`; `width` is 1 to 16. */
export function putRuns(bytes: Bytes, values: Uint8Array | Uint16Array, count: number, width: number): void {
  let packedFrom = 0;
  let at = 0;
  while (at < count) {
    const value = values[at]!;
    let end = at + 1;
    while (end < count && values[end] === value) end += 1;
    if (end - at < LEAST_RUN) {
      at = Math.min(at + 8, count);
      continue;
    }
    putPacked(bytes, values, packedFrom, at, width);
    putVarint(bytes, (end - at) * 2);
    putByte(bytes, value & 0xff);
    if (width > 8) putByte(bytes, value >> 8);
    at = end;
    packedFrom = end;
  }
  putPacked(bytes, values, packedFrom, count, width);
}

/** Groups of eight, the last one filled up with zeros. */
function putPacked(
  bytes: Bytes,
  values: Uint8Array | Uint16Array,
  from: number,
  to: number,
  width: number,
): void {
  if (from === to) return;
  const groups = Math.ceil((to - from) / 8);
  putVarint(bytes, groups * 2 + 1);
  let bits = 0;
  let waiting = 0;
  for (let at = from; at < from + groups * 8; at += 1) {
    if (at < to) waiting |= values[at]! << bits;
    bits += width;
    for (; bits >= 8; bits -= 8) {
      putByte(bytes, waiting & 0xff);
      waiting >>>= 8;
    }
  }
}

function putVarint(bytes: Bytes, value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) putByte(bytes, (rest & 0x7f) | 0x80);
  putByte(bytes, rest);
}
