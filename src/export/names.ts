/**
 * The names that an export makes, and no others: a stream's file, the folders and files of a stream in parts, the
 * manifest, and the folder of an export that follows others. What has another name was made by somebody else, and is
 * neither moved nor removed, whatever a manifest says of it.
 */
import { STREAMS } from "../streams/index.ts";

/** An underscore, so that Spark and pyarrow pass over it when they read the folder as a data set. */
export const MANIFEST = "_manifest.json";
/** What it was called before. */
export const OLD_MANIFEST = "manifest.json";

const STREAM = `(?:${STREAMS.map(({ name }) => name).join("|")})`;
const ENDING = "\\.(?:parquet|(?:csv|ndjson)(?:\\.gz|\\.zst)?)";
const PERIOD =
  "created_(?:day=\\d{4}-\\d{2}-\\d{2}|month=\\d{4}-\\d{2}|(?:day|month)=__HIVE_DEFAULT_PARTITION__)";
const FILE = new RegExp(`^${STREAM}(?:(?:/${PERIOD})?/\\d{5,9})?${ENDING}$`);
const FOLDER = new RegExp(`^${STREAM}(?:/${PERIOD})?$`);
const MOMENT = /^\d{8}T\d{6}\.\d{3}Z$/;

/** `20261123T061617.123Z`: the name of the folder of an export that follows others. */
export function momentFolder(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, "");
}

/** Whether a name is that of the folder of an export that follows others. */
export function isMoment(name: string): boolean {
  return MOMENT.test(name);
}

/** Whether a path, from the folder of an export and with `/`, is that of one of its files of rows. */
export function isExportFile(path: string): boolean {
  return FILE.test(path);
}

/** Whether a path, from the folder of an export, is that of a folder that holds files of rows. */
export function isExportFolder(path: string): boolean {
  return FOLDER.test(path);
}

/** Whether a path, from the folder of a series of exports, is that of a file of any of them, manifests included. */
export function isSeriesFile(path: string): boolean {
  return isManifest(path) || isExportFile(belowMoment(path));
}

/** Whether such a path is that of a manifest. */
export function isManifest(path: string): boolean {
  return [MANIFEST, OLD_MANIFEST].includes(belowMoment(path));
}

/** Whether such a path is that of a folder. */
export function isSeriesFolder(path: string): boolean {
  return isMoment(path) || isExportFolder(belowMoment(path));
}

function belowMoment(path: string): string {
  const [first = "", ...rest] = path.split("/");
  return isMoment(first) ? rest.join("/") : path;
}
