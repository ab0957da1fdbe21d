/**
 * Hands what was read to the destination, one batch after the other, whatever stream it is of. The engine goes on from
 * a state before it is kept; so where one was not kept, no later one of its stream is, which would claim the same rows.
 */
import type { Batch, Committed, Destination } from "../destination/destination.ts";
import { AppError } from "../lib/errors.ts";

/** Keeps a batch when all before it were kept; rejects with what the destination threw. */
export type Commit = (batch: Batch) => Promise<Committed>;

export type Commits = {
  readonly commit: Commit;
  /** Resolves when every batch was kept or refused. */
  readonly settled: () => Promise<void>;
};

/** Makes the queue of one run; a destination that need not be waited for keeps a batch before the call returns. */
export function createCommits({ commit }: Destination): Commits {
  const broken = new Map<string, unknown>();
  let last: Promise<void> | null = null;

  async function keep(batch: Batch): Promise<Committed> {
    const { name } = batch.stream;
    if (broken.has(name)) throw broken.get(name);
    try {
      return await commit(batch);
    } catch (error) {
      // A sweep that is refused brought no rows: what follows claims none of it.
      const isSweep = error instanceof AppError && error.code === "sweep-refused" && batch.rows.length === 0;
      if (!isSweep) broken.set(name, error);
      throw error;
    }
  }

  function enqueue(batch: Batch): Promise<Committed> {
    const kept = last === null ? keep(batch) : last.then(() => keep(batch));
    const settled = kept.then(
      () => {},
      () => {},
    );
    last = settled;
    void settled.then(() => {
      if (last === settled) last = null;
    });
    return kept;
  }

  return { commit: enqueue, settled: () => last ?? Promise.resolve() };
}
