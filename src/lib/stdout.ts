/**
 * The only writer to stdout. It waits for a slow reader instead of buffering without bound, and when the
 * reader has gone (`| head -1`) it says so once and swallows the rest, so that a pipe ends quietly.
 */

const sink = Bun.stdout.writer({ highWaterMark: 64 * 1024 });
let closed = false;

/** Writes text or bytes to stdout and waits until they are taken; false when nobody reads any more. */
export async function writeOut(text: string | Uint8Array): Promise<boolean> {
  if (closed) return false;
  try {
    // What is large is written at once, and then it is here that a reader's going is told.
    await sink.write(text);
    await sink.flush();
  } catch (error) {
    if ((error as { code?: string }).code !== "EPIPE") throw error;
    closed = true;
  }
  return !closed;
}

/** Lets the process end although what was written last is still waiting for a reader. */
export function abandonOut(): void {
  sink.unref();
}
