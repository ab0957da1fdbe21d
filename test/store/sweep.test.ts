/** Rows that Kustomer no longer shows are marked deleted, unless they are implausibly many. */
import { describe, expect, test } from "bun:test";
import { NOW, put, resource, row, stream, withStore } from "./fixture.ts";

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, nth) => `t${String(from + nth).padStart(4, "0")}`);
const rows = (names: readonly string[]) => names.map((id) => resource(id));
const sweep = (kept: readonly string[], force = false) => ({ sweep: new Set(kept), force });

describe("a sweep", () => {
  const cases: [live: number, gone: number, allowed: boolean][] = [
    [10, 10, true],
    [11, 11, false],
    [30, 10, true],
    [31, 11, false],
    [33, 11, true],
    [300, 100, true],
    [300, 101, false],
    [300, 300, false],
  ];
  for (const [live, gone, allowed] of cases) {
    test(`of ${gone} among ${live} rows is ${allowed ? "done" : "refused, and done with force"}`, () => {
      withStore((store) => {
        put(store, "tags", rows(ids(0, live)));
        const kept = ids(gone, live);
        const count = () => store.status().find((each) => each.stream === "tags")!.deleted;
        if (!allowed) {
          expect(() => put(store, "tags", rows(["late"]), sweep([...kept, "late"]))).toThrow(
            `no longer shows ${gone} of ${live + 1} live rows`,
          );
          expect(count()).toBe(0);
          // Nothing of the batch is written.
          expect(store.query("SELECT 1 FROM tags WHERE id = 'late'")).toEqual([]);
        }
        expect(put(store, "tags", [], sweep(kept, !allowed)).deleted).toBe(gone);
        expect(count()).toBe(gone);
      });
    });
  }

  test("says what to do when it is refused", () => {
    withStore((store) => {
      put(store, "tags", rows(ids(0, 40)));
      expect(() => put(store, "tags", [], sweep([]))).toThrow(
        expect.objectContaining({
          code: "sweep-refused",
          at: "tags",
          hint: expect.stringContaining("--force"),
        }),
      );
    });
  });

  test("leaves what was deleted before with its own date", () => {
    withStore((store) => {
      const deletedAt = "2024-05-01T00:00:00.000Z";
      put(store, "tags", [resource("a", { deleted: true, deletedAt }), resource("b")]);
      expect(put(store, "tags", [], sweep([])).deleted).toBe(1);
      expect(row(store, "tags", "a")._deleted_at).toBe(deletedAt);
      expect(row(store, "tags", "b")._deleted_at).toBe(new Date(NOW).toISOString());
      expect(store.gone.countMissing(stream("tags"), new Set())).toBe(0);
    });
  });
});
