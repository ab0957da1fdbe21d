/** Streams can be forgotten, with their rows or without; the others, and the columns that came, stay. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { NOW, resource, row, stream, withStore } from "./fixture.ts";

const state = {
  state: { v: 1 },
  syncedTo: "2024-01-01T00:00:00.000Z",
  complete: true,
  start: null,
  counted: null,
};
const NAMES = ["tags", "teams", "users"] as const;

for (const drop of [false, true]) {
  test(`${drop ? "with" : "without"} their rows`, () => {
    withStore((store, path) => {
      for (const name of NAMES) {
        const rows = [resource("a", { novel: 1 }), resource("b", { deleted: true })];
        store.commit({ stream: stream(name), rows, state, now: NOW });
      }
      const db = new Database(path);
      db.run("UPDATE _sync_state SET state = '{ not json' WHERE stream = 'tags'");
      db.close();
      expect(() => store.loadState(stream("tags"))).toThrow("not JSON");
      expect(store.reset([stream("tags"), stream("users")], { drop })).toEqual(drop ? [2, 2] : [0, 0]);
      expect(NAMES.map((name) => store.loadState(stream(name)))).toEqual([null, state, null]);
      const counts = store.status().filter(({ stream: name }) => ["tags", "teams", "users"].includes(name));
      const kept = drop ? 0 : 1;
      expect(counts.map(({ rows, deleted, complete }) => [rows, deleted, complete])).toEqual([
        [kept, kept, false],
        [1, 1, true],
        [kept, kept, false],
      ]);
      store.commit({ stream: stream("tags"), rows: [resource("c", { novel: 2 })], state, now: NOW });
      expect(row(store, "tags", "c").novel).toBe(2);
    });
  });
}

test("all of them or none", () => {
  withStore((store, path) => {
    for (const name of NAMES) store.commit({ stream: stream(name), rows: [resource("a")], state, now: NOW });
    const db = new Database(path);
    db.run("CREATE TRIGGER no BEFORE DELETE ON teams BEGIN SELECT raise(ABORT, 'no'); END");
    db.close();
    expect(() => store.reset([stream("tags"), stream("teams")], { drop: true })).toThrow("no");
    expect(store.loadState(stream("tags"))).toEqual(state);
    expect(row(store, "tags", "a").id).toBe("a");
  });
});
