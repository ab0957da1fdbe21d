import { describe, expect, test } from "bun:test";
import type { Command } from "../../src/cli/command.ts";
import { commandHelp, programHelp } from "../../src/cli/help.ts";
import { COMMANDS } from "../../src/cli/index.ts";
import { flagName, readValue } from "../../src/cli/option-kinds.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";

/** So wide that nothing is wrapped. */
const WIDE = { color: false, width: 400 };

const commands = new Map<string, Command>();
for (const [name, load] of Object.entries(COMMANDS)) commands.set(name, await load());

describe.each([...commands])("%s", (name, command) => {
  test("is known by its own name", () => {
    expect(command.name).toBe(name);
  });

  test("its help names every option with its default and its variable, and every argument", async () => {
    const help = await commandHelp(command, WIDE);
    expect(help).toContain(`kustomer-sync ${name}`);
    expect(help).not.toMatch(/ +$/m);
    expect(help).not.toContain("\x1b");
    for (const [key, option] of Object.entries(command.options)) {
      const line = help.split("\n").find((line) => new RegExp(` --${flagName(key)}[= ]`).test(line));
      expect(line, key).toContain(option.summary);
      if (option.env !== undefined) expect(line).toContain(`env: ${option.env}`);
      if ("default" in option && option.default !== undefined)
        expect(line).toContain(`default: ${option.default}`);
    }
    for (const positional of command.positionals) expect(help).toContain(positional.name.toUpperCase());
    for (const flag of ["-h, --help", "-v, --version", "--json", "--quiet", "--verbose", "--no-color"]) {
      expect(help).toContain(flag);
    }
  });

  test("its examples are shown, and are command lines that it accepts", async () => {
    expect(command.examples.length).toBeGreaterThan(0);
    const help = await commandHelp(command, WIDE);
    for (const [line] of command.examples) {
      expect(help).toContain(line);
      const words = (line.split(/ [|<>]/)[0] ?? "").split(" ").filter((word) => !/^[A-Z_]+=/.test(word));
      expect(words.slice(0, 2), line).toEqual(["kustomer-sync", name]);
      expect(() => parseCommandLine(command, words.slice(2), {}), line).not.toThrow();
    }
  });

  test.each([40, 80, 200])("its help fits %d columns, and says the same", async (width) => {
    const help = await commandHelp(command, { color: false, width });
    for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(width);
    const words = (text: string) =>
      text
        .replaceAll("\\\n", "")
        .match(/[^\s|]+/g)
        ?.toSorted();
    expect(words(help)).toEqual(words(await commandHelp(command, WIDE)));
  });

  test("its defaults are values that its options accept", () => {
    for (const [key, option] of Object.entries(command.options)) {
      if (!("default" in option) || option.default === undefined) continue;
      expect(readValue(option, option.default), key).toHaveProperty("value");
    }
  });

  test("its table is sound: no option of ours hides a built-in one, and only the last argument takes many", () => {
    for (const key of Object.keys(command.options)) expect(["help", "version"]).not.toContain(key);
    for (const positional of command.positionals.slice(0, -1)) {
      expect(positional.variadic ?? positional.optional).toBeUndefined();
    }
  });
});

test("the help of the program has every command in order, its summary and an example", async () => {
  const help = await programHelp([...commands.values()], WIDE);
  const places = [...commands].map(([name, { summary }]) =>
    help.search(new RegExp(`^ *${name} +${RegExp.escape(summary)}`, "m")),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  for (const { examples } of commands.values()) expect(help).toContain(examples[0]![0]);
});

test.each([40, 80, 200])("the help of the program fits %d columns", async (width) => {
  const help = await programHelp([...commands.values()], { color: true, width });
  for (const line of help.split("\n")) expect(Bun.stringWidth(line), line).toBeLessThanOrEqual(width);
});
