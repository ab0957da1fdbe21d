/** An ad hoc signature, on the smallest thing that has a place for one. */
import { expect, test } from "bun:test";
import { signAdHoc, wrongPages } from "../../scripts/release/mach-signature.ts";

const PAGE = 4096;

/** A 64-bit Mach-O of so many bytes of code, with a text segment and so much room for a signature. */
function machO(code: number, room: number): Buffer {
  const binary = Buffer.alloc(code + room);
  for (let at = 0; at < code; at += 1) binary[at] = at % 251;
  binary.fill(0, 0, 32 + 72 + 16);
  binary.writeUInt32LE(0xfeedfacf, 0);
  binary.writeUInt32LE(2, 16);
  const segment = 32;
  binary.writeUInt32LE(0x19, segment);
  binary.writeUInt32LE(72, segment + 4);
  binary.write("__TEXT", segment + 8, "latin1");
  binary.writeBigUInt64LE(0n, segment + 40);
  binary.writeBigUInt64LE(BigInt(code), segment + 48);
  const signature = segment + 72;
  binary.writeUInt32LE(0x1d, signature);
  binary.writeUInt32LE(16, signature + 4);
  binary.writeUInt32LE(code, signature + 8);
  binary.writeUInt32LE(room, signature + 12);
  return binary;
}

test("covers every page, the last one in part, and sees the one that was changed", () => {
  const binary = machO(PAGE * 5 + 100, 1_000);
  expect(wrongPages(binary)).toBeNull();
  expect(signAdHoc(binary, "kustomer-sync")).toBe(6);
  expect(wrongPages(binary)).toBe(0);
  for (const at of [200, PAGE * 3, PAGE * 5 + 99]) {
    const changed = Buffer.from(binary);
    changed[at]! ^= 1;
    expect([at, wrongPages(changed)]).toEqual([at, 1]);
  }
});

test("is of all pages, or is none: one that leaves the last ones out is not believed", () => {
  const binary = machO(PAGE * 5, 1_000);
  signAdHoc(binary, "kustomer-sync");
  const slots = PAGE * 5 + 20 + 28;
  expect(binary.readUInt32BE(slots)).toBe(5);
  binary.writeUInt32BE(3, slots);
  binary[PAGE * 4]! ^= 1;
  expect(wrongPages(binary)).toBeNull();
});

test("takes the place of another, and names whom it is of", () => {
  const binary = machO(PAGE * 2, 1_000);
  signAdHoc(binary, "a-much-longer-name-than-the-other");
  signAdHoc(binary, "short");
  expect(wrongPages(binary)).toBe(0);
  const room = binary.subarray(PAGE * 2).toString("latin1");
  expect([room.includes("short\0"), room.includes("longer")]).toEqual([true, false]);
});

test("is not made where there is no room, or of what is no such binary", () => {
  expect(() => signAdHoc(machO(PAGE * 20, 300), "kustomer-sync")).toThrow("no room");
  expect(() => signAdHoc(Buffer.from("#!/bin/sh\necho this is a script, and no binary\n"), "x")).toThrow(
    "no macOS binary",
  );
  const bare = machO(PAGE, 0);
  bare.writeUInt32LE(1, 16);
  expect(() => signAdHoc(bare, "x")).toThrow("no place");
  const endless = machO(PAGE, 0);
  endless.writeUInt32LE(0, 32 + 4);
  endless.writeUInt32LE(0xffffffff, 16);
  expect(() => signAdHoc(endless, "x")).toThrow("load commands are broken");
  expect(() => signAdHoc(machO(PAGE, 0).subarray(0, 60), "x")).toThrow(RangeError);
});
