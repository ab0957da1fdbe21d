import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hash, Random, scatter } from "../../src/sandbox/random.ts";
import { Table } from "../../src/sandbox/table.ts";
import { Children } from "../../src/sandbox/world.ts";

/** What happens to a table: rows come, change, go and come back, now and then several in one millisecond. */
const deeds = fc.array(
  fc.record({ kind: fc.constantFrom("add", "touch", "delete", "restore"), row: fc.nat(50), ms: fc.nat(5) }),
  { maxLength: 80 },
);

describe("a table", () => {
  test("keeps every row once, in order of its last change, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 30 }), deeds, (times, happened) => {
        const table = new Table("customers", 7);
        for (const ms of times) table.append(1_000 + ms, 1_000 + ms * 2, -1, 1);
        table.sortRows();
        let now = 5_000;
        for (const { kind, row, ms } of happened) {
          now += ms;
          if (kind === "add") table.add(now, -1);
          else if (row < table.size) table[kind as "touch" | "delete" | "restore"](row, now);
        }
        const order = Array.from({ length: table.size }, (_, place) => table.at(place));
        expect([...order].sort((a, b) => a - b)).toEqual(order.map((_, row) => row));
        for (let place = 1; place < order.length; place++) {
          expect(table.updated[order[place]!]!).toBeGreaterThanOrEqual(table.updated[order[place - 1]!]!);
        }
        for (const ms of [0, 1_500, 3_000, 5_003, now, now + 1]) {
          expect(table.placeOf(ms)).toBe(table.updated.filter((updated) => updated < ms).length);
        }
      }),
    );
  });

  test("does not move tied rows when others change", () => {
    const table = new Table("customers", 3);
    for (let row = 0; row < 100; row++) table.append(1_000, 2_000, -1, 1);
    table.sortRows();
    const tied = Array.from({ length: 100 }, (_, place) => table.at(place));
    expect(tied).not.toEqual([...tied].sort((a, b) => a - b));
    table.touch(tied[40]!, 9_000);
    const after = Array.from({ length: 99 }, (_, place) => table.at(place));
    expect(after).toEqual(tied.filter((_, place) => place !== 40));
  });

  test("gives ids that begin with the second of creation and lead back to the row", () => {
    const table = new Table("customers", hash(1, 2));
    for (let row = 0; row < 300; row++) table.append(1_700_000_000_000 + row * 777, 1_700_000_000_000, -1, 1);
    const ids = table.created.map((_, row) => table.id(row));
    expect(new Set(ids).size).toBe(300);
    for (const [row, id] of ids.entries()) {
      expect(id).toMatch(/^[0-9a-f]{24}$/);
      expect(Number.parseInt(id.slice(0, 8), 16)).toBe(Math.floor(table.created[row]! / 1000));
      expect(table.find(id)).toBe(row);
    }
    expect(table.find("")).toBe(-1);
    expect(table.find(ids[5]!.replace(/^./, "1"))).toBe(-1);
  });

  test("lists rows in the order of their ids, also those that came later", () => {
    const table = new Table("customers", 5);
    for (const ms of [9_000, 3_000, 7_500, 3_200]) table.append(ms, 10_000, -1, 1);
    table.sortRows();
    const idsInOrder = () => table.inIdOrder().map((row) => table.id(row));
    expect(idsInOrder()).toEqual([...idsInOrder()].sort());
    table.add(20_000, -1);
    table.add(1_000, -1);
    expect(idsInOrder()).toEqual([...idsInOrder()].sort());
    expect(table.inIdOrder()).toHaveLength(6);
  });
});

describe("children", () => {
  test("are those dealt out at first, and those that came later", () => {
    const children = new Children([2, 0, 3]);
    expect(children.of(0)).toEqual([0, 1]);
    expect(children.of(1)).toEqual([]);
    children.add(1, 5);
    children.add(0, 6);
    children.add(7, 8);
    expect(children.of(0)).toEqual([0, 1, 6]);
    expect(children.of(1)).toEqual([5]);
    expect(children.of(7)).toEqual([8]);
    expect([children.nth(0, 1), children.nth(0, 6), children.nth(2, 4), children.nth(7, 8)]).toEqual([
      1, 2, 2, 0,
    ]);
    expect(children.count(0)).toBe(3);
  });
});

describe("randomness", () => {
  test("follows from its seed", () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(draw(5).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  test("scatters over every place once, whatever the size", () => {
    for (const size of [1, 2, 100, 7919, 2 * 7919, 7907]) {
      expect(new Set(Array.from({ length: size }, (_, nth) => scatter(nth, size))).size).toBe(size);
    }
  });
});
