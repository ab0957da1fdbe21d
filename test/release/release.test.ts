/** What a release is made of: archives, sums, signatures, versions; and the workflows that make and check it. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { extract } from "tar";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { checksums, pack } from "../../scripts/release/archive.ts";
import { checkTag, newestVersion, notesOf } from "../../scripts/release/changelog.ts";
import { TARGETS } from "../../scripts/release/targets.ts";

const root = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-release-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("is for seven targets, under names that stay", () => {
  expect(TARGETS.map(({ archive }) => archive)).toEqual([
    "kustomer-sync-linux-x64.tar.gz",
    "kustomer-sync-linux-arm64.tar.gz",
    "kustomer-sync-linux-x64-musl.tar.gz",
    "kustomer-sync-linux-arm64-musl.tar.gz",
    "kustomer-sync-darwin-arm64.tar.gz",
    "kustomer-sync-darwin-x64.tar.gz",
    "kustomer-sync-windows-x64.zip",
  ]);
});

describe("an archive", () => {
  const at = (name: string) => join(folder, name);
  const files = (place: string) => {
    mkdirSync(at(place));
    const binary = at(`${place}/kustomer-sync`);
    writeFileSync(binary, `program ${"x".repeat(100_000)}`, { mode: place === "one" ? 0o700 : 0o777 });
    writeFileSync(at(`${place}/README.md`), "read me", { mode: place === "one" ? 0o600 : 0o666 });
    if (place === "two") utimesSync(binary, 1, 1);
    return { binary, texts: [at(`${place}/README.md`)] };
  };
  const [one, two] = [files("one"), files("two")];

  test.each(["tar.gz", "zip"])(
    "%s is the same, whenever and of whatever permissions it is packed",
    async (ending) => {
      await pack({ archive: at(`one.${ending}`), ...one });
      await pack({ archive: at(`two.${ending}`), ...two });
      expect(readFileSync(at(`one.${ending}`)).equals(readFileSync(at(`two.${ending}`)))).toBe(true);
    },
  );

  test("holds the program, which may be run, and the texts, flat", async () => {
    await pack({ archive: at("a.tar.gz"), ...one });
    mkdirSync(at("out"));
    await extract({ file: at("a.tar.gz"), cwd: at("out") });
    expect(readdirSync(at("out")).sort()).toEqual(["README.md", "kustomer-sync"]);
    expect(statSync(at("out/kustomer-sync")).mode & 0o777).toBe(0o755);
    expect(readFileSync(at("out/kustomer-sync")).equals(readFileSync(one.binary))).toBe(true);
    await pack({ archive: at("a.zip"), ...one });
    expect(Object.keys(unzipSync(readFileSync(at("a.zip")))).sort()).toEqual(["README.md", "kustomer-sync"]);
  });

  test.skipIf(Bun.which("sha256sum") === null)(
    "has a sum that sha256sum -c takes, and sees when it is another",
    async () => {
      writeFileSync(at("SHA256SUMS"), checksums([at("a.tar.gz"), at("a.zip")]));
      const check = () => Bun.spawnSync(["sha256sum", "-c", "SHA256SUMS"], { cwd: folder });
      expect(check().stdout.toString()).toBe("a.tar.gz: OK\na.zip: OK\n");
      writeFileSync(at("a.zip"), "");
      expect(check().exitCode).toBe(1);
    },
  );
});

describe("the changelog", () => {
  const text = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  const two = "# Changelog\n\nWords.\n\n## 0.2.0 - 2026-12-01\n\n- more\n\n## 0.1.0\n\nThe first.\n";

  test("begins with the version of package.json, and says something of it", () => {
    expect(newestVersion(text)).toBe(manifest.version);
    expect(notesOf(text, manifest.version).length).toBeGreaterThan(20);
  });

  test("tells each version's own", () => {
    expect([newestVersion(two), notesOf(two, "0.2.0"), notesOf(two, "0.1.0")]).toEqual([
      "0.2.0",
      "- more\n",
      "The first.\n",
    ]);
    expect(() => notesOf(two, "0.3.0")).toThrow("says nothing of 0.3.0");
  });

  test("stops a tag that is of another version", () => {
    expect(() => checkTag("v0.2.0", "0.2.0", two)).not.toThrow();
    for (const [tag, version] of [
      ["v0.2.1", "0.2.0"],
      ["v0.1.0", "0.1.0"],
      ["0.2.0", "0.2.0"],
    ] as const) {
      expect(() => checkTag(tag, version, two)).toThrow(`the tag is ${tag}, package.json has ${version}`);
    }
  });
});

describe("bun scripts/release.ts", () => {
  const release = (...args: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "scripts/release.ts", ...args], {
      cwd: root,
    });
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("refuses a target that is none, and names those there are", () => {
    const { exitCode, stderr } = release("--targets", "linux-x64,amiga");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/no target amiga; there are linux-x64, .*windows-x64/),
    ]);
  });

  test("prints the notes of a tag that fits, and of no other", () => {
    expect(release("--check-tag", `v${manifest.version}`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("- "),
    });
    expect(release("--check-tag", "v99.0.0")).toMatchObject({ exitCode: 1, stdout: "" });
  });
});

type Workflow = {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    {
      readonly permissions?: Record<string, string>;
      readonly needs?: string[];
      readonly steps: { uses?: string; run?: string }[];
    }
  >;
};

describe("the workflows", () => {
  const place = join(root, ".github/workflows");
  const workflows = readdirSync(place).map(
    (name) => [name, parse(readFileSync(join(place, name), "utf8")) as Workflow] as const,
  );

  test.each(workflows)(
    "%s runs scripts that exist, with the Bun that is pinned, and actions of a version",
    (_, { jobs }) => {
      const pinned = `npx -y ${manifest.packageManager} run `;
      for (const { steps } of Object.values(jobs)) {
        for (const { uses, run = "" } of steps) {
          if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
          for (const [bun] of run.matchAll(/bun@\S+/g)) expect(bun).toBe(manifest.packageManager);
          for (const [script] of run.matchAll(/scripts\/\S+\.ts/g))
            expect(existsSync(join(root, script))).toBe(true);
          for (const [line, name] of run.matchAll(/^.*\brun (\S+)/gm)) {
            expect(line).toContain(pinned);
            expect(Object.keys(manifest.scripts)).toContain(name!);
          }
        }
      }
    },
  );

  test("may read, and only what publishes may write", () => {
    for (const [, { permissions }] of workflows) expect(permissions).toEqual({ contents: "read" });
    const writers = workflows.flatMap(([, { jobs }]) =>
      Object.entries(jobs).flatMap(([name, { permissions }]) =>
        permissions === undefined ? [] : [[name, permissions]],
      ),
    );
    expect(writers).toEqual([["publish", { contents: "write" }]]);
  });

  test("publish what was tried on every system, and nothing before", () => {
    const { jobs } = workflows.find(([name]) => name === "release.yml")![1];
    expect(jobs.publish!.needs).toEqual(["make", "try"]);
  });
});
