/** What the catalog promises of each stream, beside what its types do. */
import { expect, test } from "bun:test";
import { STREAMS } from "../../src/streams/index.ts";

test("what is listed whole is small and gives names to ids elsewhere: a lookup, exported with its deleted rows", () => {
  for (const { name, read, isLookup } of STREAMS)
    expect([name, isLookup]).toEqual([name, read.by === "list"]);
});
