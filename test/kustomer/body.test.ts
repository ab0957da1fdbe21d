/** Law 8: an answer has a size, whatever comes, packed or not. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { connect, failure, serve, serveBytes, THING } from "./serve.ts";

const PACK = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
/** At its best brotli takes a minute for two gigabytes. */
const PACKER = {
  gzip: createGzip,
  deflate: createDeflate,
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: createZstdCompress,
};
const ENCODINGS = Object.keys(PACK) as (keyof typeof PACK)[];

/** JSON text of so many bytes. */
const jsonOf = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;

describe("a body within its size is read whole", () => {
  const text = `{"a":${jsonOf(300_000)},"b":"ö€😀"}`;

  test("as it is", async () => {
    await using server = serve(() => new Response(text));
    const { value } = await connect(server.baseUrl).request(THING);
    expect(value).toEqual(JSON.parse(text));
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br, zstd");
  });

  test.each(["identity", " GZIP ", "x-gzip", ...ENCODINGS])("sent as %p", async (encoding) => {
    const name = encoding.trim().toLowerCase().replace("x-", "");
    const body = name === "identity" ? text : PACK[name as keyof typeof PACK](text);
    await using server = serve(() => new Response(body, { headers: { "content-encoding": encoding } }));
    expect((await connect(server.baseUrl).request(THING)).value).toEqual(JSON.parse(text));
  });

  test.each([null, ...ENCODINGS])("to the last byte that is allowed, sent as %p", async (encoding) => {
    const answer = (bytes: number) => {
      const body = encoding === null ? jsonOf(bytes) : PACK[encoding](jsonOf(bytes));
      return new Response(body, { headers: encoding === null ? {} : { "content-encoding": encoding } });
    };
    await using server = serve((_request, count) => answer(count === 1 ? 5_000 : 5_001));
    const client = connect(server.baseUrl, { maxBodyBytes: 5_000 });
    expect((await client.request(THING)).value).toHaveLength(4_998);
    const error = await failure(client.request(THING));
    expect(error.code).toBe("shape");
    expect(error.message).toBe(
      "GET /v1/things answered 200 with more than 5.0 kB, and was not read to its end (asked 2 times)",
    );
    expect(error.hint).toContain("--max-body 20kB");
    expect(server.requests).toHaveLength(3);
  });

  test.each([...ENCODINGS, "gzip, br", "rot13"])("and one that is not %s is a fault", async (encoding) => {
    const answers = [text, "", gzipSync(text).subarray(0, -20)];
    await using server = serve((_request, count) =>
      count <= answers.length
        ? new Response(answers[count - 1], { headers: { "content-encoding": encoding } })
        : new Response(text),
    );
    expect((await connect(server.baseUrl).request(THING)).requests).toBe(4);
    await using always = serve(() => new Response(text, { headers: { "content-encoding": encoding } }));
    const error = await failure(connect(always.baseUrl).request(THING));
    expect(error.code).toBe("shape");
    expect(error.message).toContain(`its body is not ${encoding}, as it says`);
  });

  test("an error's words are none where its body is too large, and its status is what counts", async () => {
    const body = `{"message":${jsonOf(9_000)}}`;
    await using server = serve(() => new Response(body, { status: 403 }));
    const error = await failure(connect(server.baseUrl, { maxBodyBytes: 5_000 }).request(THING));
    expect([error.code, error.said, server.requests.length]).toEqual(["role", undefined, 1]);
  });
});

test("the time limit covers a packed body to its last byte too", async () => {
  const packed = gzipSync(jsonOf(100_000));
  await using server = await serveBytes((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
    socket.write(packed.subarray(0, 50));
  });
  const error = await failure(connect(server.baseUrl, { timeoutMs: 40 }).request(THING));
  expect(error.message).toContain("no whole answer");
});

const CHUNK = Buffer.alloc(1 << 20, " ");

/** Two gigabytes of spaces, packed. */
async function bomb(encoding: keyof typeof PACKER): Promise<Buffer> {
  const packer = PACKER[encoding]();
  const parts: Buffer[] = [];
  packer.on("data", (part: Buffer) => parts.push(part));
  for (let count = 0; count < 2_048; count += 1) {
    if (!packer.write(CHUNK)) await new Promise((resolve) => packer.once("drain", resolve));
  }
  await new Promise((resolve) => packer.end().once("end", resolve));
  return Buffer.concat(parts);
}

/** Sends for as long as the other side takes it. */
function pour(socket: Socket, headers: string, chunk: Buffer): void {
  socket.write(`HTTP/1.1 200 OK\r\n${headers}transfer-encoding: chunked\r\n\r\n`);
  const part = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]);
  const more = () => {
    while (!socket.destroyed && socket.write(part)) {
      // Until its buffer is full.
    }
  };
  socket.on("drain", more);
  more();
}

function sendBomb(encoding: keyof typeof PACKER): () => Promise<(socket: Socket) => void> {
  return async () => {
    const packed = await bomb(encoding);
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${packed.length}\r\n\r\n`;
    return (socket) => void socket.end(Buffer.concat([Buffer.from(head), packed]));
  };
}

describe.skipIf(!existsSync("/proc/self/status"))("memory stays within the size", () => {
  const bodies: [string, () => Promise<(socket: Socket) => void>][] = [
    ["a body without end", async () => (socket) => pour(socket, "", CHUNK)],
    [
      "a packed body without end",
      // Members of gzip may follow one another, so this is one gzip file, and a good one.
      async () => (socket) => pour(socket, "content-encoding: gzip\r\n", gzipSync(CHUNK)),
    ],
    ...ENCODINGS.map((encoding): [string, () => Promise<(socket: Socket) => void>] => [
      `2 GB in ${encoding}`,
      sendBomb(encoding),
    ]),
  ];

  test.each(bodies)("of %s", async (_name, prepare) => {
    const answer = await prepare();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        if (String(data).startsWith("GET /v1/small")) {
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        } else answer(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const script = new URL("./asking.ts", import.meta.url).pathname;
    const child = Bun.spawn([process.execPath, script, `http://127.0.0.1:${port}`], { stderr: "inherit" });
    const told = JSON.parse(await child.stdout.text());
    server.close();
    expect(told).toMatchObject({
      requests: 2,
      message: expect.stringContaining("answered 200 with more than 64.0 MB"),
    });
    // 64 MB and a little: nothing of the first attempt is left at the second.
    expect(told.grownMb).toBeLessThan(100);
  });
});
