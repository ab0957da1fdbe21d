/**
 * A folder of exports: the first one in the folder itself, those that followed with `--since-last` in folders named
 * after their moment. Only finished exports count, which are those with a manifest.
 */
import { readdirSync } from "node:fs";
import { parseTime } from "../lib/time.ts";
import type { FileClock } from "../store/clock.ts";
import { type EarlierExport, type FoundManifest, readManifest } from "./manifest.ts";
import { isMoment } from "./names.ts";

/** An export that was finished; `folder` is empty for the one in the folder itself. */
export type Finished = FoundManifest & { readonly folder: string };

export type Mark = {
  /** Rows written after this instant (ms) have not been exported; null when everything is to be. */
  readonly after: number | null;
  /** Why everything is to be exported again; null when it is not, or when there is nothing to explain. */
  readonly why: string | null;
};

/** The finished exports in a folder, in no order; throws as `readManifest` does. */
export function readSeries(folder: string): Finished[] {
  const found: Finished[] = [];
  for (const name of ["", ...listFolders(folder).filter(isMoment)]) {
    const manifest = readManifest(folder, name);
    if (manifest !== null) found.push({ folder: name, ...manifest });
  }
  return found;
}

/** The number of the export that comes next. */
export function nextSequence(series: readonly Finished[]): number {
  return Math.max(0, ...series.map(({ manifest }) => manifest.sequence)) + 1;
}

/** The path of an export's manifest below the folder of the series. */
export function manifestOf({ folder, name }: Finished): string {
  return folder === "" ? name : `${folder}/${name}`;
}

type ListedFile = EarlierExport["streams"][number]["files"][number];

/** The files that an export lists, with their paths below the folder of the series. */
export function filesOf({ folder, manifest }: Finished): ListedFile[] {
  const files = manifest.streams.flatMap(({ files }) => files);
  return folder === "" ? files : files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
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

/** A link to a folder is none. */
function listFolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
