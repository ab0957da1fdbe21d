/** Law 7: a key that was given by mistake, wherever on the command line, is not repeated. */
import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/index.ts";
import { run } from "../../src/cli/run.ts";

const KEYS = [
  "k-SECRET.7f3c/+=9",
  `eyJhbGciOiJIUzI1NiJ9.SECRET${"x7".repeat(30)}.sig`,
  "SECRET-1234567890",
  "c2VjcmV0c2VjcmV0SECRET==",
];

/** What comes out of the program, on a runner of GitHub too. */
async function said(argv: readonly string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const write = (part: string | Uint8Array) => {
    text += part.toString();
    return true;
  };
  const io = { out: async (part: string | Uint8Array) => write(part), outIsTTY: false };
  const stderr = { isTTY: false, write };
  const env = { GITHUB_ACTIONS: "true", KUSTOMER_API_URL: "http://127.0.0.1:1" };
  const code = await run(argv, env, { ...io, stderr: stderr as never, signal: new AbortController().signal });
  return { code, text };
}

describe.each(KEYS)("the key %p", (key) => {
  const lines: string[][] = [
    [key],
    ["help", key],
    [key, "sync"],
    ["--api-key", key],
    [`--api-key=${key}`, "sync"],
    ["sync", "--api-key", key],
    ["sync", "--token", key, "notes"],
    ["sync", "--skip", key],
    ["sync", "--region", key],
    ["load", key, "page.json"],
    ["snapshot", "out.db", key],
    ...Object.keys(COMMANDS)
      .filter((name) => !["load", "snapshot"].includes(name))
      .map((name) => [name, key]),
  ];
  test.each(lines)("is not shown of %j", async (...words) => {
    for (const argv of [words, [...words, "--json"]]) {
      const { code, text } = await said(argv);
      expect(code).toBe(2);
      expect(text).toContain("error: ");
      expect(text).not.toContain("SECRET");
    }
  });
});

test("what is no key is repeated, and what was meant is guessed", async () => {
  for (const [word, guess] of [
    ["nots", "did you mean notes?"],
    ["kobject.order", "is not one of"],
    ["conversation_events_of_teams", "is not one of"],
    ["tags2", "did you mean tags?"],
  ] as const) {
    const { text } = await said(["sync", word]);
    expect(text).toContain(`"${word}"`);
    expect(text).toContain(guess);
  }
});

test("a key as an argument is told where a key belongs", async () => {
  const { text } = await said(["sync", KEYS[0]!]);
  expect(text).toContain("STREAM (not shown, as it could be a key) is not one of");
  expect(text).toContain("try: set KUSTOMER_API_KEY, or give --api-key-file PATH");
});
