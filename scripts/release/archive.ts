/**
 * Packs the files of a release. The same files give the same bytes, whenever and by whomever they are packed: no
 * times, no owners, a fixed order.
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Zippable, zipSync } from "fflate";
import { create } from "tar";

export type Packed = {
  /** The path of the archive: `.zip`, or else `.tar.gz`. */
  readonly archive: string;
  /** The program, which alone may be run. */
  readonly binary: string;
  /** What goes beside it. */
  readonly texts: readonly string[];
};

/** A zip cannot be older, and its times have no time zone: so what is local midnight here is written everywhere. */
const EPOCH = new Date(1980, 0, 1);

/** Packs the files, flat, under their own names. */
export async function pack({ archive, binary, texts }: Packed): Promise<void> {
  const files = [binary, ...texts];
  if (archive.endsWith(".zip")) {
    const entries: Zippable = {};
    for (const file of files) {
      const mode = file === binary ? 0o755 : 0o644;
      const options = { os: 3, attrs: (0o100000 | mode) << 16, mtime: EPOCH };
      entries[basename(file)] = [readFileSync(file), options];
    }
    writeFileSync(archive, zipSync(entries, { level: 9 }));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-pack-"));
  try {
    for (const file of files) copyFileSync(file, join(folder, basename(file)));
    const names = files.map((file) => basename(file));
    await create(
      {
        file: archive,
        cwd: folder,
        gzip: { level: 9 },
        portable: true,
        mtime: new Date(0),
        onWriteEntry: (entry) => {
          const mode = entry.path === basename(binary) ? 0o755 : 0o644;
          if (entry.stat !== undefined) entry.stat.mode = 0o100000 | mode;
        },
      },
      names,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of SHA256SUMS, as `sha256sum -c` reads it in the folder of the files. */
export function checksums(files: readonly string[]): string {
  const lines = files.map((file) => {
    const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
    return `${hash}  ${basename(file)}\n`;
  });
  return lines.join("");
}
