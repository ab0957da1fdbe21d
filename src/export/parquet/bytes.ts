/** Bytes that grow as they are put in, little-endian as Parquet has them, and are used again when emptied. */

export type Bytes = { buffer: Buffer<ArrayBuffer>; view: DataView; length: number };

const LEAST = 256;

export function createBytes(size = LEAST): Bytes {
  const buffer = Buffer.from(new ArrayBuffer(size));
  return { buffer, view: new DataView(buffer.buffer), length: 0 };
}

/** Makes room for so many more bytes. */
export function reserve(bytes: Bytes, more: number): void {
  const least = bytes.length + more;
  if (least <= bytes.buffer.length) return;
  const { buffer, view } = createBytes(Math.max(least, bytes.buffer.length * 2));
  buffer.set(bytes.buffer.subarray(0, bytes.length));
  bytes.buffer = buffer;
  bytes.view = view;
}

export function put(bytes: Bytes, more: Uint8Array): void {
  reserve(bytes, more.length);
  bytes.buffer.set(more, bytes.length);
  bytes.length += more.length;
}

export function putByte(bytes: Bytes, byte: number): void {
  reserve(bytes, 1);
  bytes.buffer[bytes.length] = byte;
  bytes.length += 1;
}

/** What is in, to be used before more is put in. */
export function filled(bytes: Bytes): Uint8Array<ArrayBuffer> {
  return bytes.buffer.subarray(0, bytes.length);
}
