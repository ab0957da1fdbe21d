/**
 * Files whose bytes are read more than once, and are the same each time: those of a regular file up to the size
 * that it had, those of a pipe from a copy that has no name in any folder and goes with the process.
 */
import { unlinkSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";

export type Rereadable = {
  /** As it was given. */
  readonly path: string;
  /** How a person knows it. */
  readonly name: string;
  /** Its bytes, from the beginning. */
  readonly bytes: () => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
};

const CHUNK = 1 << 20;

/** Makes a file, `-` for stdin, readable again and again; throws `usage` where it cannot be read. */
export async function openRereadable(path: string, signal: AbortSignal): Promise<Rereadable> {
  const name = path === "-" ? "stdin" : path;
  const fail = (error: unknown) => Promise.reject(unreadable(name, error));
  if (path === "-") return { path, name, ...(await copied(name, () => Bun.stdin.stream(), signal)) };
  // A pipe must not be opened to be looked at: who writes into it would take the closing for the end.
  const stats = await stat(path).catch(fail);
  if (stats.isDirectory()) throw unreadable(name, { code: "EISDIR" });
  if (!stats.isFile()) return { path, name, ...(await copied(name, () => Bun.file(path).stream(), signal)) };
  // Opened anew for each reading: there may be more files than a process may have open.
  return {
    path,
    name,
    bytes: async function* () {
      const again = await open(path).catch(fail);
      try {
        yield* chunksOf(again, stats.size, signal);
      } catch (error) {
        throw unreadable(name, error);
      } finally {
        await again.close();
      }
    },
    close: async () => {},
  };
}

/** What comes only once is put aside, in a file that nobody else can open. */
async function copied(
  name: string,
  begin: () => ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<Pick<Rereadable, "bytes" | "close">> {
  const path = join(tmpdir(), `kustomer-sync-${crypto.randomUUID()}`);
  const copy = await open(path, "wx+", 0o600).catch((error: unknown) => Promise.reject(noRoom(name, error)));
  const close = async () => {
    await copy.close();
    remove(path);
  };
  // Where an open file keeps its name (Windows), it goes when it is closed.
  remove(path);
  let size = 0;
  let stop = () => {};
  try {
    const reader = begin().getReader();
    stop = () => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", stop, { once: true });
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += await append(copy, next.value, size);
    }
    signal.throwIfAborted();
  } catch (error) {
    await close();
    throw unreadable(name, error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return { bytes: () => chunksOf(copy, size, signal), close };
}

async function append(copy: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await copy.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
  return bytes.length;
}

async function* chunksOf(file: FileHandle, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  for (let position = 0; position < size; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or still open.
  }
}

function noRoom(name: string, error: unknown): AppError {
  const { code, message } = error as { code?: string; message: string };
  const why = `what comes cannot be put aside in ${tmpdir()} (${code ?? message})`;
  const hint = "set TMPDIR to another folder, or give a file instead";
  return new AppError(code === "ENOSPC" ? "disk-full" : "usage", why, { at: name, hint });
}

function unreadable(name: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ENOSPC") return noRoom(name, error);
  const words: Readonly<Record<string, string>> = { ENOENT: "no such file", EISDIR: "a folder, not a file" };
  return new AppError("usage", words[code ?? ""] ?? `cannot be read (${code ?? message})`, {
    at: name,
    hint: "give a file that holds an API response, or - for stdin",
  });
}
