import { expect, test } from "bun:test";
import { isRunning } from "../../src/lib/process.ts";

test("this process runs, and so does the first of all, whose it may be; one that has ended does not", async () => {
  expect([isRunning(process.pid), isRunning(1)]).toEqual([true, true]);
  const child = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await child.exited;
  expect(isRunning(child.pid)).toBe(false);
});
