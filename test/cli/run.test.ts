import { describe, expect, test } from "bun:test";
import { run } from "../../src/cli/run.ts";
import { AppError } from "../../src/lib/errors.ts";
import { VERSION } from "../../src/lib/version.ts";
import { ODD_COMMANDS } from "./odd-commands.ts";

async function invoke(argv: string[], { signal = new AbortController().signal, tty = false, env = {} } = {}) {
  let stdout = "";
  let stderr = "";
  const io = {
    out: async (text: string | Uint8Array) => {
      stdout += text;
      return true;
    },
    outIsTTY: tty,
    stderr: { isTTY: tty, columns: 80, rows: 24, write: (text: string) => (stderr += text) },
    signal,
  };
  const code = await run(argv, env, io, { ...ODD_COMMANDS });
  return { code, stdout, stderr };
}

describe("errors", () => {
  test("an AppError: where, what, the server's words without its escape sequences, what to try", async () => {
    expect(await invoke(["fail"])).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "error: check: Kustomer refused the key\n  Kustomer said: bad [31mtoken\n  try: make another key\n",
    });
  });

  test("with --json the error is the one object on stdout, and the words are still on stderr", async () => {
    const { code, stdout, stderr } = await invoke(["fail", "--json"]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "auth",
        message: "check: Kustomer refused the key (Kustomer said: bad \x1b[31mtoken)",
        hint: "make another key",
      },
    });
    expect(stderr).toContain("error: check: Kustomer refused the key");
  });

  test("a command that has printed its report gets no second object", async () => {
    const { code, stdout, stderr } = await invoke(["report", "--json"]);
    expect(code).toBe(6);
    expect(stdout).toBe('{"status":"partial"}\n');
    expect(stderr).toBe("error: notes is not whole\n");
  });

  test("anything else is a bug, with its stack", async () => {
    const { code, stdout, stderr } = await invoke(["bug"]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toStartWith("error: this is a bug in kustomer-sync\n");
    expect(stderr).toContain("x is not a function");
    expect(stderr).toContain("odd-commands.ts");
    expect(stderr).toContain("the project's issue tracker");
    const asJson = await invoke(["bug", "--json"]);
    expect(JSON.parse(asJson.stdout).error).toMatchObject({ code: "bug", message: "x is not a function" });
  });

  test("usage errors under --json, but not for a --json behind --", async () => {
    const { code, stdout } = await invoke(["six", "--json", "--bogus"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "usage", message: "six: unknown option --bogus" });
    expect((await invoke(["six", "--", "--json"])).stdout).toBe("");
  });

  test("a run that ends by Ctrl-C says that it stops, and exits 130", async () => {
    const controller = new AbortController();
    const running = invoke(["wait", "--quiet"], { signal: controller.signal });
    await Promise.resolve();
    controller.abort(new AppError("interrupted", "stopped by Ctrl-C", { hint: "again" }));
    const { code, stderr } = await running;
    expect(code).toBe(130);
    expect(stderr).toBe("stopping; press Ctrl-C again to stop at once\nstopped by Ctrl-C\n  try: again\n");
  });

  test("a progress display that a failing command left behind is taken down before the error is said", async () => {
    const listeners = process.listenerCount("exit");
    const { stderr } = await invoke(["fail"], { tty: true });
    expect(stderr).toEndWith("try: make another key\n");
    expect(process.listenerCount("exit")).toBe(listeners);
  });
});

test("the exit code is the one returned, else the one set, else 0", async () => {
  expect((await invoke(["five"])).code).toBe(5);
  expect((await invoke(["six"])).code).toBe(6);
  expect((await invoke(["six", "--help"])).code).toBe(0);
});

describe("the program itself", () => {
  test.each([[[]], [["--help"]], [["-h"]], [["help"]], [["help", "--json"]]])(
    "%j prints the help",
    async (argv) => {
      const { code, stdout, stderr } = await invoke(argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const name of Object.keys(ODD_COMMANDS)) expect(stdout).toContain(`kustomer-sync ${name} `);
    },
  );

  test("help of a command, in both ways", async () => {
    expect(await invoke(["help", "six"])).toEqual(await invoke(["six", "--help"]));
    expect(await invoke(["help", "version"])).toEqual(await invoke(["--help"]));
    expect(await invoke(["version", "--help"])).toEqual(await invoke(["--help"]));
  });

  test("the version, before and after a command", async () => {
    for (const argv of [["--version"], ["-v"], ["version"], ["version", "--quiet"], ["six", "--version"]]) {
      expect((await invoke(argv)).stdout).toBe(`kustomer-sync ${VERSION}\n`);
    }
    const versions = JSON.parse((await invoke(["--json", "--version"])).stdout);
    expect(JSON.parse((await invoke(["version", "--json"])).stdout)).toEqual(versions);
    expect(Object.keys(versions)).toEqual(["version", "commit", "bun", "sqlite"]);
    expect(versions).toMatchObject({ version: VERSION, bun: Bun.version });
    expect(versions.sqlite).toMatch(/^3\.\d+\.\d+$/);
  });

  test.each([
    [["sxi"], 'error: unknown command "sxi" (did you mean six?)\n  try: kustomer-sync --help\n'],
    [["constructor"], 'error: unknown command "constructor"\n  try: kustomer-sync --help\n'],
    [["verson"], 'error: unknown command "verson" (did you mean version?)\n  try: kustomer-sync --help\n'],
    [["version", "six"], 'error: version: unexpected argument "six"\n  try: kustomer-sync version\n'],
    [
      ["help", "six", "five"],
      'error: help: unexpected argument "five"\n  try: kustomer-sync help [COMMAND]\n',
    ],
    [["help", "sxi"], 'error: unknown command "sxi" (did you mean six?)\n  try: kustomer-sync --help\n'],
    [[""], 'error: unknown command ""\n  try: kustomer-sync --help\n'],
    [
      ["--verison"],
      "error: unknown option --verison (did you mean --version?)\n  try: kustomer-sync --help\n",
    ],
    [["--json", "six"], "error: --json stands before the command\n  try: kustomer-sync six --json\n"],
    [
      ["--api-key=s3cr3t", "six"],
      "error: --api-key stands before the command\n  try: kustomer-sync six --api-key\n",
    ],
  ])("%j is a usage error", async (argv, stderr) => {
    const result = await invoke(argv);
    expect(result.code).toBe(2);
    expect(result.stderr).toBe(stderr);
  });

  test("help has colour on a terminal only, and not where it is unwanted", async () => {
    expect((await invoke(["--help"])).stdout).not.toContain("\x1b");
    expect((await invoke(["--help"], { tty: true })).stdout).toContain("\x1b[1mEXAMPLES");
    expect((await invoke(["--help", "--no-color"], { tty: true })).stdout).not.toContain("\x1b");
    expect((await invoke(["--help"], { tty: true, env: { NO_COLOR: "1" } })).stdout).not.toContain("\x1b");
    expect((await invoke(["--help"], { tty: true, env: { TERM: "dumb" } })).stdout).not.toContain("\x1b");
  });
});
