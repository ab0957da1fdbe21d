/** Writes schemas/*.json from the catalog, and the manifest's beside them; with `--check` it only compares, and exits 1 naming what differs. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST_SCHEMA } from "../src/export/manifest-schema.ts";
import { STREAMS } from "../src/streams/index.ts";
import { schemaFiles } from "../src/streams/json-schema.ts";

const folder = join(import.meta.dir, "..", "schemas");
const files = schemaFiles(STREAMS).set("manifest.json", `${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`);
await mkdir(folder, { recursive: true });
const differing: string[] = [];
for (const name of new Set([...files.keys(), ...(await readdir(folder))])) {
  const path = join(folder, name);
  const wanted = files.get(name);
  const file = Bun.file(path);
  if (wanted === ((await file.exists()) ? await file.text() : undefined)) continue;
  differing.push(`schemas/${name}`);
  if (process.argv.includes("--check")) continue;
  if (wanted === undefined) await rm(path);
  else await Bun.write(path, wanted);
}

if (!process.argv.includes("--check")) {
  console.error(differing.length === 0 ? "schemas are up to date" : `wrote ${differing.join(", ")}`);
} else if (differing.length > 0) {
  console.error(`error: ${differing.join(", ")}: not what src/streams says\n  try: bun run schemas`);
  process.exitCode = 1;
}
