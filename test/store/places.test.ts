/** Where a file may lie: odd names, folders that may only be read, and places where none can be. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../src/store/store.ts";
import { folder, put, resource } from "./fixture.ts";

const STORE = join(import.meta.dir, "../../src/store/store.ts");

let here: ReturnType<typeof folder>;
beforeEach(() => {
  here = folder();
});
afterEach(() => {
  chmodSync(here.path, 0o755);
  here.remove();
});

/** Runs a script in the folder, in a process without root's rights, and returns what it says. */
function unprivileged(script: string): string {
  const source = `
    import { openStore } from ${JSON.stringify(STORE)};
    if (process.getuid() === 0) {
      process.setgid(65534);
      process.setuid(65534);
    }
    const told = async (action) => {
      try { return await action(); } catch (error) { return { code: error.code, message: error.message }; }
    };
    const count = (path) => {
      const store = openStore(path, { mode: "read" });
      const [{ n }] = store.query("SELECT count(*) AS n FROM tags");
      store.close();
      return n;
    };
    ${script}`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", source], { cwd: here.path });
  return stdout.toString().trim() + stderr.toString().trim();
}

function make(): void {
  const store = openStore(here.db, { mode: "create" });
  put(store, "tags", [resource("a"), resource("b")]);
  store.close();
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(here.path).map((name) => [name, readFileSync(join(here.path, name)).toString("base64")]),
  );
}

test("a name that SQLite would take for memory, for nothing or for an address is a name", () => {
  chmodSync(here.path, 0o777);
  for (const name of [":memory:", "file:x.db", "file::memory:?cache=shared", "a?b#c%d é.db"]) {
    const script = `
      openStore(${JSON.stringify(name)}, { mode: "create" }).close();
      console.log(count(${JSON.stringify(name)}));`;
    expect([name, unprivileged(script)]).toEqual([name, "0"]);
    expect(readdirSync(here.path)).toContain(name);
  }
});

describe("a folder that may only be read", () => {
  test("lets a file in it be read, and stays as it was", () => {
    make();
    symlinkSync("kustomer.db", join(here.path, "another name?.db"));
    chmodSync(here.db, 0o444);
    chmodSync(here.path, 0o555);
    const before = contents();
    expect(unprivileged(`console.log(count("kustomer.db"), count("another name?.db"));`)).toBe("2 2");
    expect(contents()).toEqual(before);
  });

  test("does not hide what a killed writer left beside the file", () => {
    make();
    writeFileSync(`${here.db}-wal`, "not read by us");
    chmodSync(here.path, 0o555);
    const said = unprivileged(`console.log((await told(() => count("kustomer.db"))).code);`);
    expect(said).toBe("store-io");
  });

  test("is told when something is to be written, and nothing is made", () => {
    make();
    chmodSync(here.db, 0o444);
    chmodSync(here.path, 0o555);
    const before = contents();
    const script = (name: string, mode: string) =>
      `console.log((await told(() => openStore("${name}", { mode: "${mode}" }).lock.acquire("sync"))).code);`;
    expect(unprivileged(script("kustomer.db", "write"))).toBe("store-io");
    expect(unprivileged(script("kustomer.db", "create"))).toBe("store-io");
    expect(unprivileged(script("new.db", "create"))).toBe("store-io");
    expect(contents()).toEqual(before);
  });
});

test("a file that may be read and not written is refused to a writer, and read", () => {
  make();
  chmodSync(here.db, 0o444);
  chmodSync(here.path, 0o777);
  const before = contents();
  const script = `
    console.log((await told(() => openStore("kustomer.db", { mode: "write" }).lock.acquire("sync"))).message);
    console.log(count("kustomer.db"));`;
  expect(unprivileged(script)).toBe("there is no permission to write to the file\n2");
  expect(contents()["kustomer.db"]).toBe(before["kustomer.db"]!);
});

describe("where no file can be", () => {
  const places: [string, () => string, string][] = [
    ["in a folder that makes none", () => "/proc/kustomer.db", "store-io"],
    ["in a folder that is missing", () => join(here.path, "no/such/x.db"), "store-io"],
    ["a device", () => "/dev/null", "store-foreign"],
    ["a folder", () => here.path, "store-foreign"],
    ["nowhere", () => "", "store-io"],
    ["a name too long", () => join(here.path, "x".repeat(300)), "store-io"],
    [
      "a link to itself",
      () => {
        symlinkSync("loop.db", join(here.path, "loop.db"));
        return join(here.path, "loop.db");
      },
      "store-io",
    ],
  ];
  for (const [name, path, code] of places) {
    test(`${name}: told, and nothing is made or removed`, () => {
      const at = path();
      const before = readdirSync(here.path);
      expect(() => openStore(at, { mode: "create" })).toThrow(expect.objectContaining({ code, at }));
      expect(readdirSync(here.path)).toEqual(before);
      expect(existsSync("/dev/null")).toBe(true);
    });
  }
});

test("two files of one process know nothing of each other", async () => {
  const [one, other] = ["one.db", "other.db"].map((name) =>
    openStore(join(here.path, name), { mode: "create" }),
  );
  await one!.lock.acquire("sync");
  await other!.lock.acquire("sync");
  put(one!, "tags", [resource("a", { novel: 1 })]);
  put(other!, "tags", [resource("b")]);
  expect(other!.query("SELECT id FROM tags")).toEqual([{ id: "b" }]);
  one!.close();
  other!.close();
});
