/**
 * Signs a macOS binary ad hoc, that is by nobody, where it lies: a hash for each page, without which macOS ends the
 * program. Bun leaves the signature of its own runtime on some targets, of which the program's pages are no part.
 */
import { createHash } from "node:crypto";

const MACH_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;

/** Names and places of fields are those of Apple's cs_blobs.h. */
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const DIRECTORY_VERSION = 0x20400;
const AD_HOC_BY_LINKER = 0x20002;
const MAIN_BINARY = 1n;
const SHA256 = { size: 32, type: 2 };
const PAGE_BITS = 12;
const PAGE = 2 ** PAGE_BITS;
const SUPER_LENGTH = 20;
const DIRECTORY_LENGTH = 88;

type Layout = {
  /** Where the signature begins, which is how many bytes it covers, and the room for it. */
  readonly signature: { readonly at: number; readonly room: number };
  readonly text: { readonly offset: bigint; readonly size: bigint };
};

/** Signs in place, and returns how many pages there are; throws for what is no such binary or has no room. */
export function signAdHoc(binary: Buffer, identifier: string): number {
  const { signature, text } = layoutOf(binary);
  const pages = Math.ceil(signature.at / PAGE);
  const name = Buffer.from(`${identifier}\0`);
  const hashes = DIRECTORY_LENGTH + name.length;
  const length = hashes + pages * SHA256.size;
  if (SUPER_LENGTH + length > signature.room) throw new Error("there is no room for the signature");
  const blob = binary.subarray(signature.at, signature.at + signature.room).fill(0);
  // One part, of type 0: the directory of the pages.
  [SUPER_BLOB, SUPER_LENGTH + length, 1, 0, SUPER_LENGTH].forEach((field, index) => {
    blob.writeUInt32BE(field, index * 4);
  });
  const directory = blob.subarray(SUPER_LENGTH);
  const fields = [CODE_DIRECTORY, length, DIRECTORY_VERSION, AD_HOC_BY_LINKER, hashes, DIRECTORY_LENGTH];
  [...fields, 0, pages, signature.at].forEach((field, index) => {
    directory.writeUInt32BE(field, index * 4);
  });
  Buffer.from([SHA256.size, SHA256.type, 0, PAGE_BITS]).copy(directory, 36);
  [text.offset, text.size, MAIN_BINARY].forEach((field, index) => {
    directory.writeBigUInt64BE(field, 64 + index * 8);
  });
  name.copy(directory, DIRECTORY_LENGTH);
  for (let page = 0; page < pages; page += 1) {
    pageHash(binary, page, signature.at).copy(directory, hashes + page * SHA256.size);
  }
  return pages;
}

/** How many pages are not what the signature says they are; null for a binary without an ad hoc one of all of them. */
export function wrongPages(binary: Buffer): number | null {
  const { signature } = layoutOf(binary);
  const at = signature.at + SUPER_LENGTH;
  const isOurs =
    binary.readUInt32BE(signature.at) === SUPER_BLOB &&
    binary.readUInt32BE(signature.at + 8) === 1 &&
    binary.readUInt32BE(at) === CODE_DIRECTORY &&
    binary[at + 37] === SHA256.type;
  const pages = Math.ceil(signature.at / PAGE);
  const isOfAll =
    isOurs && binary.readUInt32BE(at + 28) === pages && binary.readUInt32BE(at + 32) === signature.at;
  if (!isOfAll) return null;
  const hashes = at + binary.readUInt32BE(at + 16);
  let wrong = 0;
  for (let page = 0; page < pages; page += 1) {
    const slot = hashes + page * SHA256.size;
    const hash = pageHash(binary, page, signature.at);
    if (!binary.subarray(slot, slot + SHA256.size).equals(hash)) wrong += 1;
  }
  return wrong;
}

function pageHash(binary: Buffer, page: number, end: number): Buffer {
  const bytes = binary.subarray(page * PAGE, Math.min((page + 1) * PAGE, end));
  return createHash("sha256").update(bytes).digest();
}

function layoutOf(binary: Buffer): Layout {
  if (binary.length < 32 || binary.readUInt32LE(0) !== MACH_64) throw new Error("this is no macOS binary");
  let signature: Layout["signature"] | null = null;
  let text: Layout["text"] | null = null;
  let at = 32;
  for (let nth = 0; nth < binary.readUInt32LE(16); nth += 1) {
    const command = binary.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) {
      signature = { at: binary.readUInt32LE(at + 8), room: binary.readUInt32LE(at + 12) };
    } else if (command === LC_SEGMENT_64 && binary.toString("latin1", at + 8, at + 15) === "__TEXT\0") {
      text = { offset: binary.readBigUInt64LE(at + 40), size: binary.readBigUInt64LE(at + 48) };
    }
    const length = binary.readUInt32LE(at + 4);
    if (length < 8) throw new Error("its load commands are broken");
    at += length;
  }
  if (signature === null || text === null) throw new Error("it has no place for a signature");
  return { signature, text };
}
