import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import type { Client } from "../../src/kustomer/client.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";
import { VERSION } from "../../src/lib/version.ts";
import { connect, failure, KEY, ok, type Seen, serve, serveBytes, THING } from "./serve.ts";

describe("a request", () => {
  test("carries the key, our name and what was asked, and brings the server's clock", async () => {
    const date = "Mon, 23 Nov 2026 01:02:03 GMT";
    await using server = serve(() => Response.json({ a: 12 }, { headers: { date } }));
    const answer = await connect(server.baseUrl).request({
      ...THING,
      method: "POST",
      path: "/v1/things/find?deep=1",
      query: { page: 2, name: "a&b" },
      body: { x: [1] },
    });
    expect(answer).toEqual({ value: { a: 12 }, serverTime: Date.parse(date), requests: 1 });
    const [request] = server.requests;
    expect(request?.method).toBe("POST");
    expect(request?.url).toBe(`${server.baseUrl}/v1/things/find?deep=1&page=2&name=a%26b`);
    expect(request?.body).toBe('{"x":[1]}');
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      "user-agent": `kustomer-sync/${VERSION}`,
      "content-type": "application/json",
      accept: "application/json",
    });
  });

  test("goes below the path of the base URL", async () => {
    await using server = serve(ok);
    await connect(`${server.baseUrl}/proxy`).request(THING);
    expect(server.requests[0]?.url).toBe(`${server.baseUrl}/proxy/v1/things`);
  });

  test.each([
    "https://evil.example/v1",
    "//evil.example/v1",
    "/\\evil.example",
    "v1",
    "/../../v1",
    "/a/../../b",
  ])("for %p is never sent", async (path) => {
    await using server = serve(ok);
    const error = await failure(connect(`${server.baseUrl}/proxy`).request({ ...THING, path }));
    expect(error.code).toBe("shape");
    expect(server.requests).toEqual([]);
  });

  test("keeps every digit of the answer", async () => {
    await using server = serve(() => new Response('{"n":12345678901234567890}'));
    const { value } = await connect(server.baseUrl).request(THING);
    expect(JSON.stringify(value)).toBe('{"n":12345678901234567890}');
  });

  test("to loopback goes around a proxy, which would get to see the key", async () => {
    await using server = serve(ok);
    const client = new URL("./serve.ts", import.meta.url).pathname;
    const script = `import { connect } from ${JSON.stringify(client)};
      const ask = { method: "GET", path: "/v1", budget: "org", parse: (body) => JSON.stringify(body) };
      console.log((await connect(${JSON.stringify(server.baseUrl)}).request(ask)).value);`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { ...process.env, HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "example.com", no_proxy: "" },
      stderr: "inherit",
    });
    expect(await child.stdout.text()).toBe('{"fine":true}\n');
  });
});

describe("an answer that asking again does not change", () => {
  const problem = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });
  test.each<[number, string, string, string | undefined, RegExp]>([
    [400, problem("bad_request", "Invalid request body."), "api", "Invalid request body.", /^$/],
    [401, problem("unauthorized", "Unauthorized"), "auth", "Unauthorized", /check the key/],
    [401, problem("unauthorized", "Expired token"), "auth", "Expired token", /has expired/],
    [
      403,
      problem("forbidden", "Missing role org.permission.note.read"),
      "role",
      "Missing role org.permission.note.read",
      /--skip/,
    ],
    [404, "<html><body>Not here</body></html>", "api", "Not here", /^$/],
    [409, "", "api", undefined, /^$/],
    [413, "too big", "api", "too big", /^$/],
    [422, '{"message":"no"}', "api", "no", /^$/],
  ])("%d %p", async (status, body, code, said, hint) => {
    await using server = serve(() => new Response(body, { status }));
    const error = await failure(connect(server.baseUrl).request({ ...THING, query: { page: 3 } }));
    expect({ code: error.code, status: error.status, said: error.said }).toEqual({
      code: code as AppError["code"],
      status,
      said,
    });
    expect(error.message).toBe(`GET /v1/things answered ${status}`);
    expect(error.hint ?? "").toMatch(hint);
    expect(server.requests).toHaveLength(1);
  });

  test.each([400, 401, 403])("a key of another region, told with %d, is the key's fault", async (status) => {
    const title = "Auth token associated with pod prod2 but request is being handled by prod1";
    await using server = serve(() =>
      Response.json({ errors: [{ code: "unauthorized", title }] }, { status }),
    );
    const error = await failure(connect(server.baseUrl).request(THING));
    expect(error.code).toBe("auth");
    expect(error.said).toBe(title);
    expect(error.hint).toContain("--region eu");
    expect(error.hint).toContain("--org");
  });

  test("a redirect is not followed, neither here nor there", async () => {
    await using elsewhere = serve(ok);
    await using server = serve(() => Response.redirect(`${elsewhere.baseUrl}/v1/things?key=${KEY}`, 307));
    const error = await failure(connect(server.baseUrl).request(THING));
    expect(error.code).toBe("api");
    expect(error.message).toContain(`answered 307, a redirect to ${new URL(elsewhere.baseUrl).host}`);
    expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
  });
});

describe("the key", () => {
  const echoes: [string, (request: Seen) => Response][] = [
    [
      "in an error's words",
      (r) =>
        Response.json(
          { errors: [{ code: "x", message: `bad ${r.headers.authorization}` }] },
          { status: 401 },
        ),
    ],
    ["in a page of HTML", (r) => new Response(`<p>${r.headers.authorization}</p>`, { status: 404 })],
    [
      "where the words are cut",
      (r) => new Response(`${"x".repeat(280)} ${r.headers.authorization}`, { status: 400 }),
    ],
    ["as part of a URL", () => new Response(`/sign-in?key=${encodeURIComponent(KEY)}`, { status: 400 })],
    ["in a body that is not JSON", (r) => new Response(`hello ${r.headers.authorization}`)],
    ["as the name of a member", () => Response.json({ [KEY]: 1 })],
    [
      "in a redirect",
      () => new Response("", { status: 302, headers: { location: `https://${KEY}@evil.example/` } }),
    ],
  ];
  test.each(echoes)("is in no message, echoed %s", async (_name, answer) => {
    await using server = serve(answer);
    const parse = (body: unknown) => {
      throw new AppError("shape", `found ${Object.keys(body as object).join()}`);
    };
    const error = await failure(connect(server.baseUrl).request({ ...THING, parse }));
    expect(renderError(error)).not.toContain("SECRET");
  });

  test.each(["", "two words", "line\nbreak", "ünïcode", "tab\t", "nul\0", "Bearer abc"])(
    "%p is refused without being shown",
    (apiKey) => {
      let error: unknown;
      try {
        connect("http://127.0.0.1:1", { apiKey });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toBe("usage");
      if (apiKey !== "") expect(renderError(error as AppError)).not.toContain(apiKey);
    },
  );
});

describe("an interruption", () => {
  const interrupted = async (client: Client) => {
    const error = await failure(client.request(THING));
    expect(error.code).toBe("interrupted");
  };

  test("ends a request in the middle of its body", async () => {
    const stop = new AbortController();
    await using server = await serveBytes((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", () => stop.abort());
    });
    await interrupted(connect(server.baseUrl, { signal: stop.signal }));
    expect(server.count).toBe(1);
  });

  test("leaves nothing behind on the signal of a long run", async () => {
    const { signal } = new AbortController();
    await using server = serve((_request, count) =>
      count % 2 === 0 ? ok() : new Response("", { status: 503 }),
    );
    const client = connect(server.baseUrl, { signal }, { orgPerWindow: 1 });
    for (let count = 0; count < 5; count += 1) await client.request(THING);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("before a request means that it is not sent", async () => {
    await using server = serve(ok);
    await interrupted(connect(server.baseUrl, { signal: AbortSignal.abort() }));
    expect(server.requests).toHaveLength(0);
  });

  test("ends the wait for a turn and the wait before another attempt", async () => {
    const stop = new AbortController();
    await using server = serve(() => new Response("", { status: 429 }));
    const never = () => new Promise<void>(() => setTimeout(() => stop.abort()));
    await interrupted(connect(server.baseUrl, { signal: stop.signal }, { wait: never }));
    expect(server.requests).toHaveLength(1);
    const later = new AbortController();
    await using failing = serve(() => {
      setTimeout(() => later.abort(), 1);
      return new Response("", { status: 503 });
    });
    await interrupted(connect(failing.baseUrl, { signal: later.signal, random: () => 0.99 }));
  });
});
