/** `bun run nightly` runs what exists, says what and for how long, goes on after a failure, and ends as it should. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

function bun(args: readonly string[], env: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const PARTS = `
  const { runParts } = await import(${JSON.stringify(join(root, "scripts/parts.ts"))});
  const say = (script) => [process.execPath, "-e", script];
  const isGood = await runParts([
    ["one", say("console.log(process.env.WORD)"), { WORD: "it's one" }],
    ["two", say("process.exit(7)")],
    ["three", say("process.kill(process.pid, 'SIGKILL')")],
    ["four", say("console.log('the fourth')")],
    ["five", say("console.log('the fifth')"), {}, "no-such-program"],
  ], "seed 5");
  process.exitCode = isGood ? 0 : 3;
`;

describe("parts", () => {
  const { exitCode, stdout } = bun(["-e", PARTS]);

  test("are each told before, with what can be typed, and after, with the time", () => {
    expect(stdout).toMatch(
      /^== one \(seed 5\)\n\$ WORD='it'\\''s one' \S+ -e 'console\.log\(process\.env\.WORD\)'\nit's one\n== done after \d+ s$/m,
    );
    expect(stdout).toMatch(/^== FAILED \(7\) after \d+ s$/m);
    expect(stdout).toContain("\nthe fourth\n");
  });

  test("that failed are in the list at the end, and the others too; the end is no success", () => {
    const ends = stdout.trimEnd().split("\n").slice(-5);
    expect(ends.map((line) => line.replace(/^ *\d+ s {2}/, "").trim())).toEqual([
      "done: one",
      "FAILED (7): two",
      "FAILED (SIGKILL): three",
      "done: four",
      "left out, for want of no-such-program: five",
    ]);
    expect(stdout).not.toContain("the fifth");
    expect(exitCode).toBe(3);
  });
});

describe("bun run nightly", () => {
  const nightly = (...args: string[]) => bun(["scripts/nightly.ts", ...args]);

  test("runs files that exist, with the seed that it is given, and gives each test a minute", () => {
    const lines = nightly("--list", "--seed", "7").stdout.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      const [file] = /(test|scripts)\/[\w/.-]+/.exec(line)!;
      expect([file, existsSync(join(root, file))]).toEqual([file, true]);
      if (/\bbun(\.exe)? test\b/.test(line)) expect(line).toContain(" test --timeout 60000 ");
    }
    expect(lines.join("\n")).toContain("CRASH_FIRST=7 ");
    expect(lines.join("\n")).toContain("--seed 7");
  });

  test("knows the parts by their names, and says when there is none", () => {
    const { stdout } = nightly("--list", "--only", "soak");
    expect(stdout.trimEnd().split("\n")).toEqual([expect.stringMatching(/^a soak of .*soak\.ts/)]);
    expect(nightly("--only", "nonsense")).toMatchObject({
      exitCode: 2,
      stderr: "error: nightly: no part is called nonsense\n  try: bun run nightly --list\n",
    });
  });
});
