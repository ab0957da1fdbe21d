import { describe, expect, test } from "bun:test";
import { AppError, EXIT, renderError } from "../../src/lib/errors.ts";

describe("an error a user meets", () => {
  const denied = new AppError("role", "POST /v1/customers/search answered 403", {
    at: "notes",
    status: 403,
    said: "Missing role org.permission.note.read",
    hint: "give the key that role, or leave the stream out with --skip notes",
  });

  test("tells where and what, Kustomer's own words, and what to do", () => {
    expect(renderError(denied)).toBe(
      [
        "error: notes: POST /v1/customers/search answered 403",
        "  Kustomer said: Missing role org.permission.note.read",
        "  try: give the key that role, or leave the stream out with --skip notes",
      ].join("\n"),
    );
  });
  test("leaves out the lines it has nothing for", () => {
    expect(renderError(new AppError("usage", "no such stream: nots"))).toBe("error: no such stream: nots");
  });
  test("keeps the first place it was given", () => {
    expect(denied.located("messages").at).toBe("notes");
    const anywhere = new AppError("api", "GET /v1/tags answered 500", { status: 500, said: "Oops" });
    expect(anywhere.located("tags")).toMatchObject({ at: "tags", status: 500, said: "Oops", code: "api" });
  });
  test("is reported with the server's words and a null where there is no hint", () => {
    expect(new AppError("api", "GET /v1/tags answered 500", { said: "Oops" }).report()).toEqual({
      code: "api",
      message: "GET /v1/tags answered 500 (Kustomer said: Oops)",
      hint: null,
    });
  });
});

test("each code has one recovery and one exit code", () => {
  const cases = [
    ["usage", "stop", EXIT.usage],
    ["auth", "stop", EXIT.auth],
    ["role", "skip", EXIT.partial],
    ["api", "fail", EXIT.api],
    ["network", "fail", EXIT.api],
    ["incomplete", "fail", EXIT.partial],
    ["store-busy", "stop", EXIT.store],
    ["disk-full", "stop", EXIT.store],
    ["interrupted", "stop", EXIT.interrupted],
  ] as const;
  for (const [code, recovery, exit] of cases) {
    expect(new AppError(code, "x")).toMatchObject({ recovery, exitCode: exit });
  }
});
