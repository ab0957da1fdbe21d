/**
 * A folder of exports: the first one in the folder itself, those that followed with `--since-last` in folders named
 * after their moment. Only finished exports count, which are those with a manifest.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseTime } from "../lib/time.ts";
import type { FileClock } from "../store/clock.ts";
import { type EarlierExport, MANIFEST, readManifest } from "./manifest.ts";

/** An export that was finished; `folder` is empty for the one in the folder itself. */
export type Finished = { readonly folder: string; readonly manifest: EarlierExport };

export type Mark = {
  /** Rows written after this instant (ms) have not been exported; null when everything is to be. */
  readonly after: number | null;
  /** Why everything is to be exported again; null when it is not, or when there is nothing to explain. */
  readonly why: string | null;
};

/** `20261123T061617.123Z`: the name of the folder of an export that follows others. */
export function momentFolder(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, "");
}

const MOMENT = /^\d{8}T\d{6}\.\d{3}Z$/;

/** The finished exports in a folder, in no order; throws as `readManifest` does. */
export function readSeries(folder: string): Finished[] {
  const found: Finished[] = [];
  const first = readManifest(folder);
  if (first !== null) found.push({ folder: "", manifest: first });
  for (const { name } of listFolders(folder)) {
    const manifest = MOMENT.test(name) ? readManifest(join(folder, name)) : null;
    if (manifest !== null) found.push({ folder: name, manifest });
  }
  return found;
}

/** The number of the export that comes next. */
export function nextSequence(series: readonly Finished[]): number {
  return Math.max(0, ...series.map(({ manifest }) => manifest.sequence)) + 1;
}

/** The paths of an export's files below the folder of the series, its manifest first. */
export function pathsOf({ folder, manifest }: Finished): string[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const files = manifest.streams.flatMap(({ files }) => files.map(({ path }) => prefix + path));
  return [prefix + MANIFEST, ...files];
}

/** From where on a stream is to be exported in a format: where the newest export of both left off. */
export function markOf(
  series: readonly Finished[],
  { stream, format, clock }: { stream: string; format: string; clock: FileClock | null },
): Mark {
  const earlier = series
    .filter(({ manifest }) => manifest.format === format)
    .sort((one, other) => other.manifest.sequence - one.manifest.sequence)
    .flatMap(({ manifest }) =>
      manifest.streams
        .filter((each) => each.stream === stream)
        .map(({ written_to }) => ({ written_to, file: manifest.database.file })),
    )[0];
  const whole = (why: string | null): Mark => ({ after: null, why });
  if (earlier === undefined) return whole(series.length === 0 ? null : "no earlier export of it is here");
  const after = earlier.written_to === null ? null : parseTime(earlier.written_to);
  if (after === null || clock === null) return whole("the earlier export says not how far it came");
  if (earlier.file !== clock.file) return whole("the earlier export is of another file");
  if (clock.at < after) return whole("the file is an older copy than the one exported before");
  return { after, why: null };
}

function listFolders(folder: string): { name: string }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
