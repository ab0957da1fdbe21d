import { expect, test } from "bun:test";
import { formatBytes } from "../../src/lib/bytes.ts";

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
