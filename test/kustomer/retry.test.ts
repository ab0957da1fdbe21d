import { describe, expect, test } from "bun:test";
import { backoffMs, type Outcome, type Verdict, verdictOf } from "../../src/kustomer/retry.ts";

test.each<[Outcome, Verdict]>([
  [200, "done"],
  [201, "retry"],
  [204, "retry"],
  [206, "retry"],
  [226, "retry"],
  [301, "fail"],
  [302, "fail"],
  [304, "fail"],
  [400, "fail"],
  [401, "fail"],
  [403, "fail"],
  [404, "fail"],
  [408, "retry"],
  [409, "fail"],
  [413, "fail"],
  [418, "fail"],
  [422, "fail"],
  [429, "refused"],
  [500, "retry"],
  [502, "retry"],
  [503, "retry"],
  [504, "retry"],
  [599, "retry"],
  ["unknown-host", "fail"],
  ["network", "retry"],
  ["timeout", "retry"],
  ["too-large", "retry"],
  ["body", "retry"],
  ["shape", "retry"],
])("%p: %s", (outcome, verdict) => {
  expect(verdictOf(outcome)).toBe(verdict);
});

describe("the pause after a failure", () => {
  test.each([
    [1, 500],
    [2, 1_000],
    [5, 8_000],
    [7, 30_000],
    [2_000, 30_000],
  ])("number %d is at most %d ms, and any part of it", (failures, most) => {
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.5)).toBe(most / 2);
    expect(backoffMs(failures, 0.999_999)).toBeLessThan(most);
  });

  test("is as long as the server asks for, within the cap", () => {
    expect(backoffMs(1, 0, 4_000)).toBe(4_000);
    expect(backoffMs(1, 0, 86_400_000)).toBe(30_000);
    expect(backoffMs(5, 0.5, 1_000)).toBe(4_000);
  });
});
