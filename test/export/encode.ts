/** What a format makes of rows, as text. */
import type { ExportColumn, ExportRow, Format } from "../../src/export/format.ts";

export async function encode(
  format: Format,
  columns: readonly ExportColumn[],
  rows: readonly ExportRow[],
  { forExcel = false } = {},
): Promise<string> {
  const pieces: string[] = [];
  const out = (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes).toString("latin1"));
  const encoder = format.begin(columns, out, { compression: "none", forExcel });
  for (const row of rows) await encoder.write([row]);
  await encoder.end();
  return Buffer.from(pieces.join(""), "latin1").toString("utf8");
}
