import { expect, test } from "bun:test";
import { wait } from "../../src/lib/wait.ts";

test("ends early with the signal's own reason", async () => {
  const controller = new AbortController();
  const waiting = wait(3_600_000, controller.signal);
  const reason = new Error("interrupted");
  controller.abort(reason);
  expect(waiting).rejects.toBe(reason);
});

test("does not begin when the signal has already gone", () => {
  const reason = new Error("interrupted");
  expect(wait(3_600_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("nothing to wait for is no wait", async () => {
  await wait(0);
  await wait(-5);
});
