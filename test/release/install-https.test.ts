/** install.sh takes what comes over https, from whom a certificate names, and nothing else, with curl and with wget. */
import { afterAll, beforeEach, describe, expect, test as testOf } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CAN_DOWNLOAD, CERTIFICATE, Installer, LINUX, type Options, PROGRAM, TOOLS } from "./installer.ts";

const test = testOf.skipIf(!CAN_DOWNLOAD);

const installer = new Installer();
beforeEach(() => installer.release());
afterAll(() => installer.stop());

const { files, origin, secureOrigin } = installer;
const tools = ["curl", "wget"].filter((tool) => Bun.which(tool) !== null);

const sumTool = Bun.which("sha256sum") ?? `${Bun.which("shasum")} -a 256`;

/** On a machine with this tool alone to download with, which trusts the tests' certificate unless told otherwise. */
function install(tool: string, base: string, options: Options & { readonly trusts?: boolean } = {}) {
  const { trusts = true, env, ...rest } = options;
  const home = installer.newFolder();
  if (trusts) writeFileSync(join(home, ".wgetrc"), `ca_certificate=${CERTIFICATE}\n`);
  return installer.install({
    fakes: { ...LINUX, sha256sum: `exec ${sumTool} "$@"` },
    only: [...TOOLS, tool],
    ...rest,
    env: {
      KUSTOMER_SYNC_BASE_URL: base,
      KUSTOMER_SYNC_TRY_LOCAL: undefined,
      WGETRC: join(home, ".wgetrc"),
      ...(trusts ? { CURL_CA_BUNDLE: CERTIFICATE } : {}),
      ...env,
    },
  });
}

describe.each(tools)("with %s", (tool) => {
  test("takes a release that comes over https, redirected as GitHub's are", async () => {
    const archive = "kustomer-sync-linux-x64.tar.gz";
    files.set("elsewhere", files.get(archive)!);
    files.set(archive, () => Response.redirect(`${secureOrigin}/elsewhere`, 302));
    expect(await install(tool, secureOrigin)).toMatchObject({ code: 0, stderr: "", text: PROGRAM });
  });

  test.each(["SHA256SUMS", "kustomer-sync-linux-x64.tar.gz"])(
    "refuses to be led from https to http for %s",
    async (name) => {
      const file = files.get(name)!;
      files.set("plain", file);
      files.set(name, () => Response.redirect(`${origin}/plain`, 302));
      const { code, stderr, left } = await install(tool, secureOrigin);
      expect([code, left]).toEqual([1, []]);
      expect(stderr).toContain(`error: install: ${secureOrigin}/${name} `);
    },
  );

  test("refuses a server that nobody vouches for", async () => {
    const { code, stderr, left } = await install(tool, secureOrigin, { trusts: false });
    expect([code, left, installer.asked]).toEqual([1, [], []]);
    expect(stderr).toContain(`error: install: ${secureOrigin}/SHA256SUMS could not be downloaded`);
  });

  test.each<[string, string | undefined]>([
    ["http://127.0.0.1:PORT", undefined],
    ["http://127.0.0.1:PORT", ""],
    ["http://127.0.0.1:PORT", "1"],
    ["http://localhost:PORT", "http"],
    ["http://127.0.0.1:PORT@example.invalid", "http"],
    ["http://127.0.0.1:@127.0.0.1:PORT", "http"],
    ["http://127.0.0.1:PORT/release", "http"],
    ["HTTP://127.0.0.1:PORT", "http"],
    ["ftp://127.0.0.1:PORT", "http"],
    ["file:///release", "http"],
    ["127.0.0.1:PORT", "http"],
  ])("asks nothing of %p, where KUSTOMER_SYNC_TRY_LOCAL is %p", async (address, local) => {
    const base = address.replace("PORT", new URL(origin).port);
    const env = { KUSTOMER_SYNC_TRY_LOCAL: local };
    const { code, stdout, stderr, left } = await install(tool, base, { env });
    expect([code, stdout, left, installer.asked]).toEqual([1, "", [], []]);
    expect(stderr).toBe(
      `error: install: KUSTOMER_SYNC_BASE_URL is ${base}, which is not https\n  try: an address that begins with https://\n`,
    );
  });
});

test("curl and wget are told to take no older TLS than 1.2", async () => {
  const asked = `for word; do printf '%s\\n' "$word"; done >>"$HOME/asked"; exit 22`;
  const help = `[ "$1" != --help ] || { echo '--secure-protocol=PR'; exit; }`;
  for (const [tool, script, words] of [
    ["curl", asked, ["--proto", "=https", "--tlsv1.2"]],
    ["wget", `${help}\n${asked}`, ["--secure-protocol=TLSv1_2"]],
  ] as const) {
    const fakes = { ...LINUX, [tool]: script, sha256sum: "exit 1" };
    const { home, code } = await install(tool, secureOrigin, { fakes });
    expect(code).toBe(1);
    const said = (await Bun.file(join(home, "asked")).text()).split("\n");
    expect(said).toEqual(expect.arrayContaining([...words]));
  }
});

test("a small wget that looks at no certificate is not relied on", async () => {
  const sums = join(installer.newFolder(), "SHA256SUMS");
  writeFileSync(sums, files.get("SHA256SUMS") as Uint8Array);
  const wget = `[ "$1" != --help ] || exit 1
    for word; do [ "$before" != -O ] || cat '${sums}' >"$word"; before=$word; done
    echo 'wget: note: TLS certificate validation not implemented' >&2`;
  const fakes = { ...LINUX, wget, sha256sum: "exit 1" };
  const { code, stderr, left } = await install("wget", secureOrigin, { fakes });
  expect([code, left]).toEqual([1, []]);
  expect(stderr).toBe(
    "error: install: the wget of this machine does not look at certificates\n  try: install curl\n",
  );
});
