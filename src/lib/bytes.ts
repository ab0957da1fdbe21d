/** Sizes as people write and read them; those that we write are in units of a thousand. */

const UNITS = ["kB", "MB", "GB", "TB"] as const;

/** Writes a number of bytes: `0 B`, `850 B`, `21.4 kB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ${UNITS[unit]}`;
}

/** Reads a size such as `64MB`, `512kB`, `1.5 GB`, `1GiB` or `4096` into bytes; null when it is not one. */
export function parseSize(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?$/i.exec(text.trim());
  if (parts === null) return null;
  const [, number, letter = "", binary] = parts;
  const power = letter === "" ? 0 : "kmgt".indexOf(letter.toLowerCase()) + 1;
  const bytes = Math.round(Number(number) * (binary ? 1_024 : 1_000) ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
