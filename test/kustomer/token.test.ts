import { describe, expect, test } from "bun:test";
import { classifyDenied, readToken } from "../../src/kustomer/token.ts";
import { AppError } from "../../src/lib/errors.ts";
import { connect, serve } from "./serve.ts";

const WHOLE = {
  data: {
    type: "auth_token",
    id: "t1",
    attributes: { name: "nightly", roles: ["org.permission.note.read", 7, "org.permission.search.create"] },
    relationships: { org: { data: { type: "org", id: "o1" } } },
  },
};

test.each([
  [
    WHOLE,
    {
      id: "t1",
      name: "nightly",
      roles: ["org.permission.note.read", "org.permission.search.create"],
      orgId: "o1",
    },
  ],
  [{ data: {} }, { id: null, name: null, roles: [], orgId: null }],
  [
    { data: { id: 5, attributes: { name: "", roles: "all" }, relationships: { org: { data: null } } } },
    { id: null, name: null, roles: [], orgId: null },
  ],
])("the key's description is read as far as it goes", async (body, token) => {
  const date = "Mon, 23 Nov 2026 01:02:03 GMT";
  await using server = serve(() => Response.json(body, { headers: { date } }));
  expect(await readToken(connect(server.baseUrl))).toEqual({ ...token, serverTime: Date.parse(date) });
  expect(server.requests[0]).toMatchObject({
    method: "GET",
    url: `${server.baseUrl}/v1/auth/tokens/current`,
  });
});

test("a body that describes no key is not taken for one", async () => {
  await using server = serve(() => Response.json([]));
  const error = await readToken(connect(server.baseUrl)).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "shape" });
});

describe("a denied stream", () => {
  const denied = (status: number) =>
    new AppError(status === 401 ? "auth" : "role", `POST /v1/customers/search answered ${status}`, {
      at: "notes",
      status,
      said: "Missing role",
      hint: "first",
    });
  const unauthorized = () =>
    Response.json({ errors: [{ code: "unauthorized", message: "Expired token" }] }, { status: 401 });

  test.each([401, 403])("whose key works (%d) lacks a role", async (status) => {
    await using server = serve(() => Response.json(WHOLE));
    const error = await classifyDenied(connect(server.baseUrl), denied(status));
    expect(error).toMatchObject({
      code: "role",
      at: "notes",
      status,
      said: "Missing role",
      recovery: "skip",
    });
    expect(error.message).toBe(denied(status).message);
    expect(server.requests).toHaveLength(1);
  });

  test.each([401, 403])("whose key is refused (%d) has a bad key", async (status) => {
    await using server = serve(unauthorized);
    const error = await classifyDenied(connect(server.baseUrl), denied(status));
    expect(error).toMatchObject({ code: "auth", at: "notes", said: "Missing role", recovery: "stop" });
    expect(error.hint).toContain("expired");
    expect(server.requests).toHaveLength(1);
  });

  test("whose key may not even be described has a bad key", async () => {
    await using server = serve(() => new Response("", { status: 403 }));
    const error = await classifyDenied(connect(server.baseUrl), denied(403));
    expect(error.code).toBe("auth");
    expect(error.hint).not.toContain("--skip");
  });

  test("stays as it was when the question goes unanswered", async () => {
    await using server = serve(() => new Response("", { status: 404 }));
    const error = denied(401);
    expect(await classifyDenied(connect(server.baseUrl), error)).toBe(error);
  });

  test("is not asked about for other errors, and an interruption stays one", async () => {
    await using server = serve(() => Response.json(WHOLE));
    const other = new AppError("api", "GET /v1/x answered 404", { status: 404 });
    expect(await classifyDenied(connect(server.baseUrl), other)).toBe(other);
    expect(server.requests).toHaveLength(0);
    const stopped = connect(server.baseUrl, { signal: AbortSignal.abort() });
    const work = classifyDenied(stopped, denied(401));
    expect(await work.catch((thrown) => thrown)).toMatchObject({ code: "interrupted" });
  });
});
