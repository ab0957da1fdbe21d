/** Archives: the same bytes from the same files, with what may be run marked so, and sums that sha256sum takes. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { extract } from "tar";
import { checksums, pack } from "../../scripts/release/archive.ts";
import { TARGETS } from "../../scripts/release/targets.ts";

const folder = mkdtempSync(join(tmpdir(), "kustomer-sync-archive-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("is for seven targets, under names that stay", () => {
  expect(TARGETS.map(({ archive }) => archive)).toEqual([
    "kustomer-sync-linux-x64.tar.gz",
    "kustomer-sync-linux-arm64.tar.gz",
    "kustomer-sync-linux-x64-musl.tar.gz",
    "kustomer-sync-linux-arm64-musl.tar.gz",
    "kustomer-sync-darwin-arm64.tar.gz",
    "kustomer-sync-darwin-x64.tar.gz",
    "kustomer-sync-windows-x64.zip",
  ]);
});

/** What Unix makes of each file of a zip, from its central directory (APPNOTE 4.3.12). */
function zipModes(zip: Buffer): Record<string, number> {
  const modes: Record<string, number> = {};
  const header = Buffer.from("PK\x01\x02", "latin1");
  for (let at = zip.indexOf(header); at >= 0; at = zip.indexOf(header, at + 1)) {
    const name = zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28));
    modes[name] = zip[at + 5] === 3 ? zip.readUInt16LE(at + 40) : 0;
  }
  return modes;
}

describe("an archive", () => {
  const at = (name: string) => join(folder, name);
  const files = (place: string) => {
    mkdirSync(at(place));
    const binary = at(`${place}/kustomer-sync`);
    writeFileSync(binary, `program ${"x".repeat(100_000)}`, { mode: place === "one" ? 0o700 : 0o777 });
    writeFileSync(at(`${place}/README.md`), "read me", { mode: place === "one" ? 0o600 : 0o666 });
    if (place === "two") utimesSync(binary, 1, 1);
    return { binary, texts: [at(`${place}/README.md`)] };
  };
  const [one, two] = [files("one"), files("two")];

  test.each(["tar.gz", "zip"])(
    "%s is the same, whenever and of whatever permissions it is packed",
    async (ending) => {
      await pack({ archive: at(`one.${ending}`), ...one });
      await pack({ archive: at(`two.${ending}`), ...two });
      expect(readFileSync(at(`one.${ending}`)).equals(readFileSync(at(`two.${ending}`)))).toBe(true);
    },
  );

  test.each(["tar.gz", "zip"])("%s is the same in every time zone", async (ending) => {
    const script = `
      const { pack } = await import(process.env.ARCHIVE);
      await pack(JSON.parse(process.env.FILES));`;
    const bytes = ["UTC", "Pacific/Auckland", "America/Los_Angeles"].map((TZ) => {
      const archive = at(`${TZ.replace("/", "-")}.${ending}`);
      const { exitCode } = Bun.spawnSync([process.execPath, "-e", script], {
        env: {
          ...process.env,
          TZ,
          ARCHIVE: join(import.meta.dir, "../../scripts/release/archive.ts"),
          FILES: JSON.stringify({ archive, ...one }),
        },
      });
      expect(exitCode).toBe(0);
      return readFileSync(archive).toString("base64");
    });
    expect(new Set(bytes).size).toBe(1);
  });

  test("holds the program, which may be run, and the texts, flat", async () => {
    await pack({ archive: at("a.tar.gz"), ...one });
    mkdirSync(at("out"));
    await extract({ file: at("a.tar.gz"), cwd: at("out") });
    expect(readdirSync(at("out")).sort()).toEqual(["README.md", "kustomer-sync"]);
    expect(statSync(at("out/kustomer-sync")).mode & 0o777).toBe(0o755);
    expect(readFileSync(at("out/kustomer-sync")).equals(readFileSync(one.binary))).toBe(true);
    await pack({ archive: at("a.zip"), ...one });
    const bytes = readFileSync(at("a.zip"));
    expect(Object.keys(unzipSync(bytes)).sort()).toEqual(["README.md", "kustomer-sync"]);
    expect(zipModes(bytes)).toEqual({ "kustomer-sync": 0o100755, "README.md": 0o100644 });
  });

  test.skipIf(Bun.which("sha256sum") === null)(
    "has a sum that sha256sum -c takes, and sees when it is another",
    async () => {
      for (const name of ["b.tar.gz", "b.zip"]) await pack({ archive: at(name), ...one });
      writeFileSync(at("SHA256SUMS"), checksums([at("b.tar.gz"), at("b.zip")]));
      const check = () => Bun.spawnSync(["sha256sum", "-c", "SHA256SUMS"], { cwd: folder });
      expect(check().stdout.toString()).toBe("b.tar.gz: OK\nb.zip: OK\n");
      writeFileSync(at("b.zip"), "");
      expect(check().exitCode).toBe(1);
    },
  );
});
