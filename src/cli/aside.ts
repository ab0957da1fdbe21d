/**
 * Work that may take long in one call, which lets nothing else of its thread run: it is done aside, in a thread of its own,
 * while this one hears Ctrl-C, shows progress and gives signs of life. The first Ctrl-C asks the work to stop; where it
 * cannot hear that, as within a statement of SQLite, it is left where it is, what it had half made is removed, and
 * the process ends.
 */
import { rmdirSync, rmSync, utimesSync } from "node:fs";
import { AppError } from "../lib/errors.ts";
import { NOTHING, type Remains } from "../lib/keeper.ts";
import { VERSION } from "../lib/version.ts";
import type { FromAside, Jobs, ToAside } from "./aside-jobs.ts";

/** Work that is heard of no more for so long is in such a call; what ends soon enough may end by itself. */
const PATIENCE_MS = 700;
const PING_MS = 100;

export type Aside = {
  readonly signal: AbortSignal;
  /** What the work tells on its way, by the name that it gives it. */
  readonly on?: Readonly<Record<string, (...told: never[]) => unknown>>;
};

/** Threads that nothing can end but the end of the process. */
let stuck = 0;

/** Whether only `process.exit` ends this process. */
export function isStuck(): boolean {
  return stuck > 0;
}

/** Does a job aside, and returns what it returns; throws what it throws, and `interrupted` when it was stopped. */
export async function aside<J extends keyof Jobs>(
  job: J,
  input: Parameters<Jobs[J]>[0],
  { signal, on = {} }: Aside,
): Promise<Awaited<ReturnType<Jobs[J]>>> {
  signal.throwIfAborted();
  const worker = new Worker(program());
  const tell = (message: ToAside) => worker.postMessage(message);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const hearts = new Map<string, Timer>();
  let remains: Remains = NOTHING;
  let heardAt = 0;
  let pinging: Timer | undefined;
  let isLeft = false;

  worker.onmessage = async ({ data }: MessageEvent<FromAside>) => {
    heardAt = performance.now();
    // What it is told before it listens it does not hear.
    if ("ready" in data && signal.aborted) reject(signal.reason);
    else if ("ready" in data) tell({ job, input });
    else if ("done" in data) resolve(data.done);
    else if ("failed" in data) reject(unpackError(data.failed));
    else if ("remains" in data) remains = data.remains;
    else if ("keep" in data)
      hearts.set(
        data.keep,
        setInterval(() => touch(data.keep), data.everyMs),
      );
    else if ("letGo" in data) clearInterval(hearts.get(data.letGo));
    else if ("told" in data) {
      const answer = await (on[data.told] as ((...args: unknown[]) => unknown) | undefined)?.(...data.args);
      if (data.ask !== null) tell({ answer: data.ask, value: answer });
    }
  };
  worker.onerror = (event) => reject(new Error(event.message));
  const stop = () => {
    heardAt = performance.now();
    tell({ abort: packError(signal.reason) });
    pinging = setInterval(() => {
      if (performance.now() - heardAt < PATIENCE_MS) return tell({ ping: true });
      isLeft = true;
      sweep(remains);
      const hint = "the same command again; nothing unfinished was left";
      reject(new AppError("interrupted", (signal.reason as Error).message, { hint }));
    }, PING_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return (await promise) as Awaited<ReturnType<Jobs[J]>>;
  } finally {
    signal.removeEventListener("abort", stop);
    clearInterval(pinging);
    for (const heart of hearts.values()) clearInterval(heart);
    if (isLeft) {
      stuck += 1;
      worker.unref();
    } else worker.terminate();
  }
}

/** The program itself, which is a thread for work when it is not the first one. */
function program(): string {
  const isCompiled = VERSION !== "0.0.0-dev";
  return isCompiled ? Bun.main : new URL("../main.ts", import.meta.url).href;
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // It was taken over or removed, which the work finds out by itself.
  }
}

function sweep({ paths, folders }: Remains): void {
  try {
    for (const path of paths) rmSync(path, { recursive: true, force: true });
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // The next command to the same place does it; what is in a folder is none of ours.
  }
}

/** An error as it crosses from thread to thread. */
export type PackedError =
  | { readonly app: Pick<AppError, "code" | "message" | "at" | "status" | "said" | "hint"> }
  | { readonly name: string; readonly message: string; readonly stack: string | undefined };

export function packError(error: unknown): PackedError {
  if (error instanceof AppError) {
    const { code, message, at, status, said, hint } = error;
    return { app: { code, message, at, status, said, hint } };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack };
}

export function unpackError(packed: PackedError): Error {
  if ("app" in packed) {
    const { code, message, ...details } = packed.app;
    return new AppError(code, message, details);
  }
  const error = new Error(packed.message);
  error.name = packed.name;
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
