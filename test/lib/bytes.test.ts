import { expect, test } from "bun:test";
import { formatBytes, parseSize } from "../../src/lib/bytes.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [999_949, "999.9 kB"],
  [999_950, "1.0 MB"],
  [1_234_567_890, "1.2 GB"],
  [4e15, "4,000.0 TB"],
])("%d", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  ["0", 0],
  ["4096", 4_096],
  ["850 B", 850],
  ["512kB", 512_000],
  ["512k", 512_000],
  ["64MB", 64_000_000],
  [" 1.5 gb ", 1_500_000_000],
  ["2T", 2e12],
  ["1KiB", 1_024],
  ["64Mi", 67_108_864],
  ["1GiB", 1_073_741_824],
  ["0.5 TiB", 549_755_813_888],
  ["", null],
  ["MB", null],
  ["-1MB", null],
  ["1e6", null],
  ["64MBit", null],
  ["64 iB", null],
  ["1,000kB", null],
  ["9007199254740993", null],
  ["99999TB", null],
])("a size is read: %p", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
