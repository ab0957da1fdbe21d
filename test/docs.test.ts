/** The README is true: its commands parse or run, and what exists is in it. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/index.ts";
import { flagName } from "../src/cli/option-kinds.ts";
import { parseCommandLine } from "../src/cli/parse.ts";
import { EXIT } from "../src/lib/errors.ts";
import { SEARCH_ROLES } from "../src/streams/define.ts";
import { STREAMS } from "../src/streams/index.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(join(root, "README.md")).text();
const contributing = await Bun.file(join(root, "CONTRIBUTING.md")).text();
const scripts = ((await Bun.file(join(root, "package.json")).json()) as { scripts: Record<string, string> })
  .scripts;

/** The command lines of the shell blocks, without their comments and what they are piped to. */
const lines = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap((block) => block[1]!.split("\n"))
  .map((line) => line.replace(/\s+[#|].*$/, "").trim())
  .filter((line) => line !== "");

describe("the README", () => {
  test("has commands to check", () => {
    expect(lines.length).toBeGreaterThanOrEqual(5);
  });

  for (const line of lines) {
    test(`shows what can be typed: ${line}`, async () => {
      const [program, ...words] = line.split(" ");
      if (program === "kustomer-sync") {
        const command = await COMMANDS[words[0]!]!();
        expect(() => parseCommandLine(command, words.slice(1), {})).not.toThrow();
      } else if (program === "npx") {
        const pinned = (await Bun.file(join(root, ".bun-version")).text()).trim();
        expect(words.slice(0, 3)).toEqual(["-y", `bun@${pinned}`, "run"]);
        expect(Object.keys(scripts)).toContain(words[3]!);
      } else {
        expect(program).toMatch(/^(export|sqlite3|pip|datasette|curl|grep|openssl|base=\S+)$/);
      }
    });
  }

  test("names every command, stream and exit code", () => {
    for (const name of Object.keys(COMMANDS)) expect(readme).toContain(`| \`kustomer-sync ${name}\` |`);
    for (const { name, isSetting } of STREAMS) if (!isSetting) expect(readme).toContain(`\`${name}\``);
    for (const code of Object.values(EXIT)) expect(readme).toContain(`\n| ${code} | `);
  });

  test("names in full every role that lets a key search", () => {
    for (const role of SEARCH_ROLES) expect(readme).toContain(`\`${role}\``);
  });

  test("names every option of sync, its default and its environment variable, and no other", async () => {
    const { options } = await COMMANDS.sync!();
    const table = readme.slice(readme.indexOf("### Options of sync"), readme.indexOf("| exit code |"));
    for (const [key, option] of Object.entries(options)) {
      if (key === "json") continue;
      expect(table).toContain(`--${flagName(key)}`);
      if (option.env !== undefined) expect(table).toContain(`\`${option.env}\``);
      const isNumber = ["duration", "number", "integer"].includes(option.kind);
      if (isNumber && "default" in option) expect(table).toContain(`--${flagName(key)} ${option.default}`);
    }
    for (const [, flag] of table.matchAll(/--([a-z][a-z-]+)/g)) {
      expect(Object.keys(options).map(flagName)).toContain(flag!);
    }
  });
});

test("the README names every option of other commands that sync has not", async () => {
  const { options: known } = await COMMANDS.sync!();
  for (const name of ["verify", "reset", "export", "snapshot"]) {
    const { options } = await COMMANDS[name]!();
    for (const key of Object.keys(options).filter((key) => !Object.hasOwn(known, key)))
      expect([name, key, readme.includes(`\`--${flagName(key)}`)]).toEqual([name, key, true]);
  }
});

describe("what a newcomer is told", () => {
  test("every script that the tables name exists", () => {
    for (const [, name] of contributing.matchAll(/`bun run (\w+)`/g))
      expect(Object.keys(scripts)).toContain(name!);
  });

  test("every path in CONTRIBUTING exists", async () => {
    const paths = [...contributing.matchAll(/`(src\/[\w./-]+\.ts|src\/[\w-]+\/)`/g)].map(
      (match) => match[1]!,
    );
    expect(paths.length).toBeGreaterThan(6);
    const { existsSync } = await import("node:fs");
    for (const path of paths) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  });

  test("versions are pinned, each to one", async () => {
    const manifest = (await Bun.file(join(root, "package.json")).json()) as Record<
      string,
      Record<string, string>
    >;
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+(-r\.\d+)?$/);
  });
});
