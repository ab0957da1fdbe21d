/** The SQLite file keeps what every destination must keep. */
import { openFileRun } from "../../src/store/file-run.ts";
import { openStore } from "../../src/store/store.ts";
import { folder } from "../store/fixture.ts";
import { versionOf } from "../sync/harness.ts";
import { conform } from "./conformance.ts";

conform("the SQLite file", () => {
  const { db, remove } = folder();
  const options = { path: db, force: false, takeOver: false, heard: null };
  const { signal } = new AbortController();
  return {
    open: (start) => openFileRun({ ...options, signal, onWatch: () => {} }, start),
    crash: (run) => run.close(),
    kept: (stream) => {
      const store = openStore(db, { mode: "read" });
      try {
        const rows = store.query(`SELECT id, updated_at, _deleted_at FROM "${stream.name}" ORDER BY id`);
        const kept = rows.map(({ id, updated_at, _deleted_at }) =>
          versionOf(String(id), String(updated_at), _deleted_at !== null),
        );
        return [{ rows: kept, state: store.loadState(stream)?.state ?? null }];
      } finally {
        store.close();
      }
    },
    end: remove,
  };
});
