/**
 * A sync's run into a file, from its opening to its end: the file is opened, its lock taken, the run noted as begun,
 * and at the end as it ended. A file is made only when all that may refuse it has agreed.
 */
import type { Run, RunStart } from "../destination/destination.ts";
import { openStore } from "./store.ts";

export type FileRunOptions = {
  readonly path: string;
  /** Mark rows as gone however many they are. */
  readonly force: boolean;
  /** Take the file from another process that holds it. */
  readonly takeOver: boolean;
  /** The server's clock, ms, null where it told none: when rows were written goes by it. */
  readonly heard: number | null;
  readonly signal: AbortSignal;
  /** Told while another's lock is watched. */
  readonly onWatch: (text: string) => void;
};

/** Opens a run into the file, which is made where there is none. Throws `store-*` errors. */
export async function openFileRun(
  { path, force, takeOver, heard, signal, onWatch }: FileRunOptions,
  start: RunStart,
): Promise<Run> {
  const store = openStore(path, { mode: "create" });
  try {
    await store.lock.acquire("sync", { takeOver, signal, onWatch });
    const resumes = store.wasCutShort();
    const id = store.beginRun(start);
    return {
      destination: {
        loadState: store.loadState,
        commit: (batch) => store.commit({ ...batch, force, heard }),
        gone: store.gone,
        counts: store.counts,
      },
      id,
      isNew: store.wasEmpty,
      resumes,
      finish: (end) => store.finishRun(id, end),
      close: store.close,
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
