/** What GitHub Actions is told, letter by letter: hostile words must stay words. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { annotationLine, createJob, outputsOf, summaryOf } from "../../src/cli/github.ts";
import { folder } from "../store/fixture.ts";

const place = folder();
afterAll(place.remove);

const HOSTILE = "a|b\n::error::x <img src=x> [click](http://evil) `rm` *all* & more\r\n# heading";

describe("a summary", () => {
  test("is a heading, a table with numbers to the right, and sentences", () => {
    const table = {
      columns: ["stream", "read", "synced to"],
      rows: [
        ["notes", 12_345, null],
        ["tags", 0, "2026"],
      ],
    };
    expect(summaryOf({ title: "sync: done", table, notes: ["All of it."] })).toBe(
      "### sync: done\n\n| stream | read | synced to |\n| --- | ---: | --- |\n| notes | 12,345 | - |\n| tags | 0 | 2026 |\n\nAll of it.\n\n",
    );
  });

  test("shows words as words, on one line, whatever they are", () => {
    const text = summaryOf({
      title: "t",
      table: { columns: ["it"], rows: [[HOSTILE]] },
      annotations: [{ level: "error", title: HOSTILE, message: HOSTILE }],
    });
    const shown =
      "a\\|b ::error::x &lt;img src=x&gt; \\[click\\](http://evil) \\`rm\\` \\*all\\* &amp; more \\# heading";
    expect(text).toBe(`### t\n\n| it |\n| --- |\n| ${shown} |\n\n**${shown}**: ${shown}\n\n`);
  });
});

test("an annotation is one line, and its title ends where it should", () => {
  expect(
    annotationLine({ level: "warning", title: "notes: failed, 50%", message: "one\r\ntwo: 100%, %0A" }),
  ).toBe("::warning title=notes%3A failed%2C 50%25::one%0D%0Atwo: 100%25, %250A\n");
});

test("an output of one line is a line, and one of several cannot end early", () => {
  expect(outputsOf({ written: 12, complete: true, path: "a=b c" })).toBe(
    "written=12\ncomplete=true\npath=a=b c\n",
  );
  const value = "one\nend-1\nname=evil";
  const lines = outputsOf({ path: value }).split("\n");
  const [, word] = /^path<<(end-[0-9a-f-]{36})$/.exec(lines[0]!)!;
  expect(lines).toEqual([lines[0]!, "one", "end-1", "name=evil", word!, ""]);
});

describe("a job", () => {
  const report = {
    title: "t",
    outputs: { a: 1 },
    annotations: [{ level: "notice" as const, title: "n", message: "m" }],
  };
  const tell = async (env: Record<string, string>, isData = false) => {
    const said: string[] = [];
    const out = async (text: string) => said.push(text) > 0;
    await createJob({ env, out: isData ? null : out, warn: (text) => said.push(text) }).tell(report);
    return said;
  };

  test("outside of GitHub Actions hears nothing", async () => {
    const path = join(place.path, "none");
    for (const GITHUB_ACTIONS of ["false", "1", ""]) {
      expect(await tell({ GITHUB_ACTIONS, GITHUB_STEP_SUMMARY: path, GITHUB_OUTPUT: path })).toEqual([]);
    }
    expect(await tell({ GITHUB_STEP_SUMMARY: path })).toEqual([]);
    expect(() => readFileSync(path)).toThrow("ENOENT");
  });

  test("adds to what other steps have written", async () => {
    const [summary, outputs] = [join(place.path, "summary"), join(place.path, "outputs")];
    writeFileSync(summary, "before\n\n");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs };
    expect(await tell(env)).toEqual(["::notice title=n::m\n"]);
    expect(await tell(env, true)).toEqual([]);
    const once = "### t\n\n**n**: m\n\n";
    expect(readFileSync(summary, "utf8")).toBe(`before\n\n${once}${once}`);
    expect(readFileSync(outputs, "utf8")).toBe("a=1\na=1\n");
  });

  test("that cannot be told is not waited for", async () => {
    const taken = join(place.path, "folder");
    mkdirSync(taken);
    const said = await tell({ GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: taken, GITHUB_OUTPUT: "" });
    expect(said).toEqual([
      expect.stringMatching(/^GITHUB_STEP_SUMMARY: .*nothing was written there$/),
      "::notice title=n::m\n",
    ]);
  });
});
