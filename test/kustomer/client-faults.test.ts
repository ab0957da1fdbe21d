import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import type { Request as Ask } from "../../src/kustomer/client.ts";
import { AppError } from "../../src/lib/errors.ts";
import { connect, failure, ok, serve, serveBytes, THING } from "./serve.ts";

describe("a fault that passes is asked again", () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  const whole = '{"fine":true}';
  const fine = (socket: Socket) => socket.end(`${head}content-length: 13\r\n\r\n${whole}`);
  const faults: [string, (socket: Socket) => void, string, RegExp][] = [
    ["500", (s) => s.end("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"), "api", /answered 500/],
    [
      "502 with HTML",
      (s) => s.end("HTTP/1.1 502 Bad\r\ncontent-length: 20\r\n\r\n<h1>Bad Gateway</h1>"),
      "api",
      /502/,
    ],
    ["503 empty", (s) => s.end("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"), "api", /answered 503/],
    ["408", (s) => s.end("HTTP/1.1 408 Slow\r\ncontent-length: 0\r\n\r\n"), "api", /answered 408/],
    // As if it were whole: what a 2xx other than 200 holds is no answer to a question.
    ["206", (s) => s.end(`HTTP/1.1 206 Part\r\ncontent-length: 13\r\n\r\n${whole}`), "api", /206, a part of/],
    [
      "203",
      (s) => s.end(`HTTP/1.1 203 Other\r\ncontent-length: 13\r\n\r\n${whole}`),
      "api",
      /203, another kind of success than 200/,
    ],
    ["204", (s) => s.end("HTTP/1.1 204 None\r\n\r\n"), "api", /204, another kind/],
    ["a reset", (s) => s.resetAndDestroy(), "network", /closed the connection/],
    [
      "a reset in the body",
      (s) => s.write(`${head}content-length: 13\r\n\r\n{"f`, () => s.resetAndDestroy()),
      "network",
      /closed the connection/,
    ],
    [
      "a cut body",
      (s) => s.end(`${head}content-length: 13\r\n\r\n{"fine`),
      "network",
      /closed the connection/,
    ],
    [
      "a cut chunked body",
      (s) => s.end(`${head}transfer-encoding: chunked\r\n\r\n4\r\n{"fi\r\n`),
      "network",
      /closed the connection/,
    ],
    ["half of a JSON text", (s) => s.end(`${head}content-length: 6\r\n\r\n{"fine`), "shape", /not JSON/],
    ["an empty body", (s) => s.end(`${head}content-length: 0\r\n\r\n`), "shape", /empty body/],
    [
      "HTML that says it is JSON",
      (s) => s.end(`${head}content-length: 15\r\n\r\n<h1>Hello</h1>\n`),
      "shape",
      /not JSON/,
    ],
    ["another shape", (s) => s.end(`${head}content-length: 2\r\n\r\n[]`), "shape", /but it is not fine/],
    ["no HTTP at all", (s) => s.end("hello\r\n\r\n"), "network", /./],
  ];
  const ask: Ask<unknown> = {
    ...THING,
    parse(body) {
      if (!(typeof body === "object" && body !== null && "fine" in body))
        throw new AppError("shape", "it is not fine");
      return body;
    },
  };

  test.each(faults)("%s", async (_name, fault) => {
    await using server = await serveBytes((socket, count) => (count < 3 ? fault(socket) : fine(socket)));
    const client = connect(server.baseUrl);
    expect(await client.request(ask)).toMatchObject({ value: { fine: true }, requests: 3 });
    expect(client.stats()).toMatchObject({ requests: 3, retried: 2, refused: 0 });
  });

  test.each(faults)("%s, six times and no more", async (_name, fault, code, message) => {
    await using server = await serveBytes(fault);
    const client = connect(server.baseUrl);
    const error = await failure(client.request(ask));
    expect(error.code).toBe(code as AppError["code"]);
    expect(error.message).toMatch(message);
    expect(error.message).toStartWith("GET /v1/things");
    expect(error.message).toEndWith("(asked 6 times)");
    expect(server.count).toBe(6);
    expect(client.stats()).toMatchObject({ requests: 6, retried: 5 });
  });

  test("nobody listening", async () => {
    const server = await serveBytes(() => {});
    await server[Symbol.asyncDispose]();
    const error = await failure(connect(server.baseUrl).request(THING));
    expect(error.code).toBe("network");
    expect(error.message).toContain(`${new URL(server.baseUrl).host} refused the connection`);
  });

  /** A name that no resolver takes: whether this machine has one does not matter. */
  const NOWHERE = "-nowhere.invalid";

  test("a host that does not exist is asked once, and named with the flag that gave it", async () => {
    const client = connect(`https://${NOWHERE}`, { hostOption: "--org" });
    const error = await failure(client.request(THING));
    expect(error.code).toBe("network");
    expect(error.message).toBe(`GET /v1/things: the host ${NOWHERE} is unknown`);
    expect(error.hint).toBe("check what --org says, and the connection");
    expect(client.stats()).toMatchObject({ requests: 1, retried: 0 });
  });

  test("a host that has answered is there, and a name that is not found then is a connection that is down", async () => {
    // Whether a name is found can be changed here for a proxy only.
    await using proxy = serve(ok);
    const script = `import { connect, THING } from ${JSON.stringify(new URL("./serve.ts", import.meta.url).pathname)};
      const client = connect("http://api.acme.invalid");
      await client.request(THING);
      process.env.HTTP_PROXY = process.env.http_proxy = "http://${NOWHERE}:1";
      const error = await client.request(THING).catch((thrown) => thrown);
      const fresh = await connect("http://api.acme.invalid").request(THING).catch((thrown) => thrown);
      console.log(JSON.stringify([error.message, client.stats().requests, fresh.message, fresh.hint]));`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { PATH: process.env.PATH, HTTP_PROXY: proxy.baseUrl, http_proxy: proxy.baseUrl },
      stderr: "inherit",
    });
    expect(JSON.parse(await child.stdout.text())).toEqual([
      "GET /v1/things: the host api.acme.invalid was not found (asked 6 times)",
      7,
      `GET /v1/things: the proxy ${NOWHERE} is unknown`,
      "check HTTPS_PROXY and HTTP_PROXY, and the connection",
    ]);
  });

  test("an error that is not about the shape is a bug, and comes out at once", async () => {
    await using server = serve(ok);
    const parse = () => {
      throw new RangeError("bug");
    };
    await expect(connect(server.baseUrl).request({ ...THING, parse })).rejects.toThrow(RangeError);
    expect(server.requests).toHaveLength(1);
  });
});

describe("the time limit", () => {
  test("covers the body to its last byte: one that drips is given up and asked again", async () => {
    await using server = await serveBytes((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
      const drip = setInterval(() => socket.write("x"), 5);
      socket.on("close", () => clearInterval(drip));
    });
    const error = await failure(connect(server.baseUrl, { timeoutMs: 40 }).request(THING));
    expect(error.code).toBe("network");
    expect(error.message).toContain("no whole answer");
    expect(error.message).toContain("within 40ms");
    expect(error.hint).toContain("--timeout");
    expect(server.count).toBe(6);
  });

  test("covers an answer that never begins", async () => {
    await using server = await serveBytes((socket, count) => {
      if (count > 1) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    });
    const { requests } = await connect(server.baseUrl, { timeoutMs: 60 }).request(THING);
    expect(requests).toBeGreaterThan(1);
  });
});

describe("a refusal", () => {
  const refuse = (headers: Record<string, string>) => Response.json({ errors: [] }, { status: 429, headers });
  const date = new Date().toUTCString();
  test.each<[string, Record<string, string>, number, number]>([
    ["Retry-After in seconds", { "retry-after": "17" }, 16_000, 17_000],
    [
      "Retry-After as a date",
      { date, "retry-after": new Date(Date.parse(date) + 30_000).toUTCString() },
      29_000,
      30_000,
    ],
    [
      "a reset in epoch seconds",
      { date, "x-ratelimit-reset": String(Date.parse(date) / 1_000 + 20) },
      20_000,
      21_000,
    ],
    ["no header at all", {}, 50_000, 60_000],
  ])("is waited out: %s", async (_name, headers, least, most) => {
    await using server = serve((_request, count) => (count === 1 ? refuse(headers) : ok()));
    const client = connect(server.baseUrl);
    expect((await client.request(THING)).requests).toBe(2);
    expect(client.stats()).toMatchObject({ requests: 2, refused: 1, retried: 0 });
    const waited = client.waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(least);
    expect(waited).toBeLessThanOrEqual(most);
    expect(client.stats().waitedMs).toBeGreaterThan(least);
  });

  test("is not a failed attempt: twenty-nine in a row, between five failures, still end well", async () => {
    await using server = serve((_request, count) => {
      if (count <= 29) return refuse({ "retry-after": "1" });
      return count <= 34 ? new Response("", { status: 503 }) : ok();
    });
    const client = connect(server.baseUrl);
    expect((await client.request(THING)).requests).toBe(35);
    expect(client.stats()).toMatchObject({ refused: 29, retried: 5 });
  });

  test("counts in a row only: an answer of another kind begins the count again", async () => {
    await using server = serve((_request, count) => {
      if (count === 21) return new Response("", { status: 503 });
      return count <= 41 ? refuse({ "retry-after": "1" }) : ok();
    });
    expect((await connect(server.baseUrl).request(THING)).requests).toBe(42);
  });

  test("thirty times in a row ends the request", async () => {
    await using server = serve(() => refuse({ "retry-after": "1" }));
    const error = await failure(connect(server.baseUrl).request(THING));
    expect(error.code).toBe("rate-limit");
    expect(error.message).toBe("GET /v1/things was refused 30 times in a row");
    expect(server.requests).toHaveLength(30);
  });
});
