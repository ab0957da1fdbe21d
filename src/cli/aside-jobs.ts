/**
 * The work that is done aside (`aside.ts`), and the thread's own end of that: it does one job and tells what comes of it.
 * What a job takes and returns is data, since nothing else crosses from thread to thread.
 */
import {
  type ExportOptions,
  exportToFolder,
  exportToSink,
  type FolderOptions,
  type Hooks,
} from "../export/export.ts";
import { FORMATS } from "../export/formats.ts";
import type { Keeper, Remains } from "../lib/keeper.ts";
import { takeSnapshot } from "../store/snapshot.ts";
import { failureOfDamage } from "../store/soundness.ts";
import { openStore } from "../store/store.ts";
import { findStream } from "../streams/index.ts";
import { type PackedError, packError, unpackError } from "./aside.ts";

export type ToAside =
  | { readonly job: keyof Jobs; readonly input: unknown }
  | { readonly abort: PackedError }
  | { readonly ping: true }
  | { readonly answer: number; readonly value: unknown };

export type FromAside =
  | { readonly done: unknown }
  | { readonly failed: PackedError }
  | { readonly told: string; readonly args: readonly unknown[]; readonly ask: number | null }
  | { readonly keep: string; readonly everyMs: number }
  | { readonly letGo: string }
  | { readonly remains: Remains }
  | { readonly ready: true }
  | { readonly pong: true };

/** What a job has at hand. */
type Setting = {
  readonly signal: AbortSignal;
  readonly keeper: Keeper;
  readonly tell: (name: string, ...args: readonly unknown[]) => void;
  /** Tells, and waits for what is answered. */
  readonly ask: (name: string, ...args: readonly unknown[]) => Promise<unknown>;
};

/** The options of an export with names where there were things. */
type Named<O extends ExportOptions> = Omit<O, "streams" | "format" | "keeper" | "pace"> & {
  readonly streams: readonly string[];
  readonly format: string;
};

/** More often than this nobody looks at progress. */
const PROGRESS_MS = 50;

const JOBS = {
  async status({ db }: { readonly db: string }) {
    const store = openStore(db, { mode: "read" });
    try {
      return store.status();
    } finally {
      store.close();
    }
  },
  snapshot: (
    { db, path, overwrite }: { readonly db: string; readonly path: string; readonly overwrite: boolean },
    { signal, keeper, tell }: Setting,
  ) =>
    takeSnapshot(db, path, {
      overwrite,
      signal,
      keeper,
      begin: (bytes) => tell("begin", bytes),
      onWatch: (words) => tell("note", words),
    }),
  export: (options: Named<FolderOptions>, setting: Setting) =>
    exportToFolder({ ...thingsOf(options), keeper: setting.keeper }, hooksOf(setting)),
  async exportToSink(options: Named<ExportOptions>, setting: Setting) {
    const things = thingsOf(options);
    const out = async (bytes: Uint8Array) => (await setting.ask("out", bytes)) === true;
    return await exportToSink(things, things.streams[0]!, out, hooksOf(setting));
  },
  /** Why something on a file failed that never should. */
  async damage({ db, message }: { readonly db: string; readonly message: string }) {
    const failure = failureOfDamage(db, new Error(message));
    return failure === null ? null : packError(failure);
  },
};

export type Jobs = { readonly [J in keyof typeof JOBS]: (typeof JOBS)[J] };

/** Puts names in the place of what cannot cross. */
export function namesOf<O extends ExportOptions>(options: O): Named<O> {
  return {
    ...options,
    streams: options.streams.map(({ name }) => name),
    format: options.format.name,
  };
}

function thingsOf<O extends ExportOptions>({ streams, format, ...rest }: Named<O>): O {
  const things = {
    ...rest,
    streams: streams.map((name) => findStream(name)!),
    format: FORMATS[format as keyof typeof FORMATS],
  };
  return things as unknown as O;
}

function hooksOf({ signal, tell }: Setting): Hooks {
  let toldAt = 0;
  return {
    signal,
    onProgress(stream, counted) {
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      tell("progress", stream, counted);
    },
    onDone: (stream, counted) => tell("done", stream, counted),
    onNote: (note) => tell("note", note),
  };
}

declare const self: { onmessage: ((event: MessageEvent<ToAside>) => void) | null };
declare function postMessage(message: FromAside): void;

/** Waits for a job and does it; the one that asked for it ends the thread. */
export function serve(): void {
  const controller = new AbortController();
  const asked = new Map<number, (value: unknown) => void>();
  let asks = 0;
  const setting: Setting = {
    signal: controller.signal,
    tell: (told, ...args) => postMessage({ told, args, ask: null }),
    ask(told, ...args) {
      asks += 1;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      asked.set(asks, resolve);
      postMessage({ told, args, ask: asks });
      return promise;
    },
    keeper: {
      heart({ path }, everyMs) {
        if (path === null) return () => {};
        postMessage({ keep: path, everyMs });
        return () => postMessage({ letGo: path });
      },
      mayRemain: (remains) => postMessage({ remains }),
    },
  };
  self.onmessage = async ({ data }) => {
    if ("ping" in data) postMessage({ pong: true });
    else if ("abort" in data) controller.abort(unpackError(data.abort));
    else if ("answer" in data) {
      asked.get(data.answer)?.(data.value);
      asked.delete(data.answer);
    } else {
      const job = JOBS[data.job] as (input: unknown, setting: Setting) => Promise<unknown>;
      try {
        controller.signal.throwIfAborted();
        postMessage({ done: await job(data.input, setting) });
      } catch (error) {
        postMessage({ failed: packError(error) });
      }
    }
  };
  postMessage({ ready: true });
}
