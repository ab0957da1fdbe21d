/** The changelog's newest version is the one that is released, and its section is what the release says. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { checkTag, newestVersion, notesOf } from "../../scripts/release/changelog.ts";

const root = join(import.meta.dir, "../..");

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
    expect(() => notesOf("## 0.3.0\n\n## 0.2.0\n\n- more\n", "0.3.0")).toThrow("says nothing of 0.3.0");
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
    const unreleased = `## Unreleased\n\n- even more\n\n${two}`;
    expect(() => checkTag("v0.2.0", "0.2.0", unreleased)).toThrow("CHANGELOG.md begins with Unreleased");
  });

  test("stops a version that the installer would give to everybody before its time", () => {
    const text = "## 0.3.0-rc.1\n\n- perhaps\n";
    expect(() => checkTag("v0.3.0-rc.1", "0.3.0-rc.1", text)).toThrow(
      "0.3.0-rc.1 is no version for everybody",
    );
  });
});
