/**
 * LibreOffice opens what --for-excel writes: every text is the text it was, no cell is a formula, times are times.
 * Needs `soffice` (apt-get install libreoffice-calc); Excel itself cannot be asked.
 *
 *   bun test ./test/export/spreadsheet.nightly.ts
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, put, resource, stream } from "../store/fixture.ts";
import { changeFile, exported, optionsOf } from "./fixture.ts";

const place = folder();
afterAll(place.remove);

const TEXTS = [
  ...["123456789012345678901234", "6123456789012345678e9012", "123e456", "00123", "1.10", "123456789012"],
  ...["+4915112345678", "5%", "$5", "(5)", "5-", " 42", "１２３", "1,234", "2026-11-24", "24.11.2026"],
  ...["11/24/2026", "3-4", "1/2", "10:30", "10:30 PM", "MAR1", "1-Dec", "true", "=1+1", "-2+3", "@SUM(1)"],
  ...['=HYPERLINK("http://evil.example","x")', "hello;=1+1", "a\n=1", "'tis", "Olá – 😀", "plain"],
];
const AT = "2026-11-24T18:05:31.123Z";
const COLUMNS = ["id", "name", "created_at", "rev"];

beforeAll(async () => {
  changeFile(place.db, (store) =>
    put(
      store,
      "customers",
      TEXTS.map((name, index) => resource(`${index}`.padStart(24, "0"), { name, createdAt: AT, rev: index })),
    ),
  );
  const out = join(place.path, "sheets");
  await exported(
    optionsOf(place.db, out, { streams: [stream("customers")], forExcel: true, columns: COLUMNS }),
  );
});

type SheetCell = {
  readonly type: string;
  readonly text: string;
  readonly date: string;
  readonly formula: boolean;
};

/** Opens the file as a person does who lets numbers, dates and formulas be found, in a language. */
function open(language: number): SheetCell[][] {
  const filter = `--infilter=CSV:44,34,76,1,,${language},false,true,false,false,false,-1,true`;
  const profile = `-env:UserInstallation=file://${place.path}/profile`;
  const file = join(place.path, "sheets/customers.csv");
  const to = join(place.path, String(language));
  const ended = Bun.spawnSync([
    ...["soffice", profile, "--headless", filter, "--convert-to", "fods", "--outdir", to, file],
  ]);
  expect([ended.exitCode, ended.stderr.toString()]).toEqual([0, expect.any(String)]);
  const sheet = readFileSync(join(to, "customers.fods"), "utf8");
  return [...sheet.matchAll(/<table:table-row\b[^>]*>(.*?)<\/table:table-row>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<table:table-cell\b([^>]*?)(?:\/>|>(.*?)<\/table:table-cell>)/gs)].map(
      ([, attributes = "", content = ""]) => ({
        type: /office:value-type="(\w+)"/.exec(attributes)?.[1] ?? "",
        date: /office:date-value="([^"]+)"/.exec(attributes)?.[1] ?? "",
        formula: attributes.includes("table:formula"),
        text: [...content.matchAll(/<text:p>(.*?)<\/text:p>/gs)]
          .map(([, text = ""]) => plain(text))
          .join("\n"),
      }),
    ),
  );
}

function plain(xml: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return xml
    .replace(/<text:s\/>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+);/g, (_, name: string) => entities[name] ?? "");
}

test.each([
  ["English", 1033],
  ["German, where the comma is the decimal point", 1031],
])(
  "LibreOffice in %s",
  (_, language) => {
    const [names, ...rows] = open(language);
    expect(names!.slice(0, 4).map(({ text }) => text)).toEqual(COLUMNS);
    expect(rows).toHaveLength(TEXTS.length);
    for (const [index, [id, name, createdAt, rev]] of rows.entries()) {
      const text = TEXTS[index]!;
      expect(id).toMatchObject({ type: "string", text: `'${String(index).padStart(24, "0")}` });
      expect(name).toMatchObject({ type: "string", formula: false });
      // The apostrophe is seen, wherever the guard had to put it.
      expect(name!.text.replaceAll("'", "")).toBe(text.replaceAll("'", ""));
      expect(createdAt).toMatchObject({ type: "date", date: "2026-11-24T18:05:31" });
      expect(rev).toMatchObject({ type: "float", text: String(index) });
    }
  },
  120_000,
);
