/** Which of two copies of a row is the newer one, and when they are the same. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { differenceOf, type Version, versionOf } from "../../src/store/row-version.ts";
import { resource } from "./fixture.ts";

const OLD = "2024-01-01T00:00:00.000Z";
const NEW = "2024-01-01T00:00:00.001Z";
const version = (more: Partial<Version> = {}): Version => ({
  updatedAt: OLD,
  rev: null,
  deleted: false,
  ...more,
});

describe("a version", () => {
  const cases: [string, Record<string, unknown>, boolean, Version][] = [
    ["has Kustomer's date", { updatedAt: OLD }, false, version()],
    ["has the instant, however it is written", { updatedAt: "2024-01-01T01:00:00+01:00" }, false, version()],
    ["has none where there is none", {}, false, version({ updatedAt: null })],
    ["has none where it is no date", { updatedAt: "soon" }, false, version({ updatedAt: null })],
    ["has none where it is a number", { updatedAt: 5 }, false, version({ updatedAt: null })],
    ["has the revision", { updatedAt: OLD, rev: 7 }, false, version({ rev: 7 })],
    ["has no revision that is a text", { updatedAt: OLD, rev: "7" }, false, version()],
    ["is deleted by its mark", { updatedAt: OLD, deleted: true }, false, version({ deleted: true })],
    ["is deleted by its date", { updatedAt: OLD, deletedAt: NEW }, false, version({ deleted: true })],
    ["is deleted by its listing", { updatedAt: OLD }, true, version({ deleted: true })],
  ];
  for (const [name, attributes, listed, expected] of cases) {
    test(name, () => expect(versionOf(resource("a", attributes), listed)).toEqual(expected));
  }
});

describe("a difference", () => {
  const cases: [string, Version | null, Version, "missing" | "stale" | null][] = [
    ["no row", null, version(), "missing"],
    ["no row of a deleted one", null, version({ deleted: true }), "missing"],
    ["the same", version(), version(), null],
    ["the same, deleted", version({ deleted: true }), version({ deleted: true }), null],
    ["older", version(), version({ updatedAt: NEW }), "stale"],
    ["newer, by a sync meanwhile", version({ updatedAt: NEW }), version(), null],
    ["newer and deleted meanwhile", version({ updatedAt: NEW, deleted: true }), version(), null],
    ["live here, deleted there", version(), version({ deleted: true }), "stale"],
    ["deleted here, live there", version({ deleted: true }), version(), "stale"],
    ["an older revision", version({ rev: 1 }), version({ rev: 2 }), "stale"],
    ["a newer revision", version({ rev: 2, deleted: true }), version({ rev: 1 }), null],
    ["a revision on one side only", version({ rev: 2 }), version(), null],
    ["no date here", version({ updatedAt: null }), version(), "stale"],
    ["no date there", version(), version({ updatedAt: null }), null],
    ["no date anywhere", version({ updatedAt: null }), version({ updatedAt: null }), null],
  ];
  for (const [name, held, there, expected] of cases) {
    test(name, () => expect(differenceOf(held, there)).toBe(expected));
  }

  const anyVersion = fc.record({
    updatedAt: fc.option(fc.constantFrom(OLD, NEW)),
    rev: fc.option(fc.integer({ min: 1, max: 3 })),
    deleted: fc.boolean(),
  });
  test("is none between a row and itself, and never one in both directions unless only deletion differs", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (a, b) => {
        expect(differenceOf(a, a)).toBeNull();
        if (differenceOf(a, b) !== null && differenceOf(b, a) !== null) {
          expect([a.updatedAt, a.deleted]).toEqual([b.updatedAt, !b.deleted]);
        }
      }),
    );
  });
});
