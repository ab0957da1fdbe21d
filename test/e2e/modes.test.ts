/** What holds customers' data is its owner's alone, whatever the umask; what was there keeps its mode: law 7. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM, temporaryFolder } from "./program.ts";

const STORE = join(import.meta.dir, "../../src/store/store.ts");
const folder = temporaryFolder();
afterAll(folder.remove);
let count = 0;

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Every file and folder below one, with its mode. */
function modesIn(path: string): Record<string, string> {
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const full = join(entry.parentPath, entry.name);
      return [full.slice(path.length + 1), modeOf(full)];
    }),
  );
}

function under(umask: string, cwd: string, ...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...command], {
    cwd,
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
}

// Windows has no modes.
describe.skipIf(process.platform === "win32").each(["022", "000", "077"])("under umask %s", (umask) => {
  function begin() {
    const at = join(folder.path, String(++count));
    mkdirSync(at);
    writeFileSync(join(at, "tags.json"), '[{"id": "a", "type": "tag", "attributes": {"name": "vip"}}]');
    writeFileSync(
      join(at, "customers.json"),
      '[{"id": "c", "type": "customer", "attributes": {"name": "Ann"}}]',
    );
    for (const name of ["tags.json", "customers.json"]) chmodSync(join(at, name), 0o644);
    const run = (...args: string[]) => under(umask, at, ...PROGRAM, ...args, "--quiet");
    return { at, run };
  }

  test("the database, exports with their folders and manifests, and snapshots are 0600 and 0700", () => {
    const { at, run } = begin();
    run("load", "tags", "tags.json");
    run("load", "customers", "customers.json");
    run("export", "tags", "customers", "--out", "a/b");
    run("export", "tags", "--out", "a/b", "--since-last");
    run(
      "export",
      "tags",
      "--out",
      "c",
      "--format",
      "ndjson",
      "--partition-by",
      "month",
      "--compress",
      "gzip",
    );
    run("snapshot", "copy.db");
    const { "tags.json": _, "customers.json": __, ...modes } = modesIn(at);
    expect(Object.keys(modes).length).toBeGreaterThan(10);
    for (const [path, mode] of Object.entries(modes))
      expect([path, mode]).toEqual([path, statSync(join(at, path)).isDirectory() ? "700" : "600"]);
  });

  test("so are the files that SQLite puts beside it, and those of a file that others may read are as it is", () => {
    for (const mode of [null, 0o640]) {
      const { at } = begin();
      const db = join(at, "kustomer.db");
      if (mode !== null) {
        writeFileSync(db, "");
        chmodSync(db, mode);
      }
      const script = `
        import { openStore } from ${JSON.stringify(STORE)};
        import { readdirSync, statSync } from "node:fs";
        const store = openStore("kustomer.db", { mode: "create" });
        await store.lock.acquire("sync");
        const names = readdirSync(".").filter((name) => name.startsWith("kustomer.db"));
        await Bun.write("modes", JSON.stringify(names.map((name) => [name, statSync(name).mode & 0o777])));
        store.close();`;
      under(umask, at, process.execPath, "-e", script);
      const modes = JSON.parse(readFileSync(join(at, "modes"), "utf8")) as [string, number][];
      expect(modes.map(([name]) => name).sort()).toEqual([
        "kustomer.db",
        "kustomer.db-shm",
        "kustomer.db-wal",
      ]);
      for (const [name, found] of modes) expect([name, found]).toEqual([name, mode ?? 0o600]);
    }
  });

  test("what is replaced or written to keeps the mode that somebody gave it", () => {
    const { at, run } = begin();
    run("load", "tags", "tags.json");
    run("load", "customers", "customers.json");
    run("export", "tags", "customers");
    run("snapshot", "copy.db");
    const given = {
      "kustomer.db": 0o644,
      "copy.db": 0o664,
      "export/tags.csv": 0o640,
      "export/_manifest.json": 0o444,
    };
    for (const [path, mode] of Object.entries(given)) chmodSync(join(at, path), mode);
    run("load", "tags", "tags.json");
    run("snapshot", "copy.db", "--overwrite");
    run("export", "tags", "customers", "--overwrite");
    for (const [path, mode] of Object.entries(given))
      expect([path, modeOf(join(at, path))]).toEqual([path, mode.toString(8)]);
    expect(modeOf(join(at, "export/customers.csv"))).toBe("600");
  });
});
