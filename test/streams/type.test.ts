/** Law 9: a table holds rows of its own type only, so a type belongs to one stream at most. */
import { expect, test } from "bun:test";
import { isTypeOf } from "../../src/streams/define.ts";
import { STREAMS } from "../../src/streams/index.ts";

test("every stream owns its type, its name and its kinds, and no other stream does", () => {
  for (const { name, type } of STREAMS) {
    for (const each of [type, name, `${type}.order`, `${type}.`]) {
      expect(STREAMS.filter((stream) => isTypeOf(stream, each)).map((stream) => stream.name)).toEqual([name]);
    }
  }
});

test.each([
  "",
  "other",
  "conversation_time",
  "kobject_order",
  "Kobject",
  "kobjects.order",
  "xkobject",
  ".kobject",
])("%p is nobody's", (type) => {
  expect(STREAMS.filter((stream) => isTypeOf(stream, type))).toEqual([]);
});
