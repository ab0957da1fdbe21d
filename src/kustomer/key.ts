/**
 * Where the API key comes from: a file, standard input or the environment, never an argument. No message
 * from here shows any of it.
 */
import { open } from "node:fs/promises";
import { AppError } from "../lib/errors.ts";

const HINT = "set KUSTOMER_API_KEY, or name a file that holds the key with --api-key-file";
/** Far above any key; keeps a mistaken path (a disk image, /dev/zero) from being read whole. */
const MAX_BYTES = 64 * 1024;

/** `export KUSTOMER_API_KEY=...` on any line; not the `=` that base64 ends with. */
const ASSIGNMENT = /^\s*(?:(?:export|set)\s+|\$env:)?(?:KUSTOMER_\w+|[A-Z_]+KEY|[A-Z_]+TOKEN)\s*=\s*[^\s=]/im;

export type KeySource = {
  /** `--api-key-file`; `-` is standard input. Wins over `env`. */
  file?: string | undefined;
  /** The value of KUSTOMER_API_KEY. */
  env?: string | undefined;
};

/** Reads the key and trims it; throws `usage` when there is none or what there is cannot be one. */
export async function readApiKey(source: KeySource): Promise<string> {
  if (source.file) {
    const at = mayBeKey(source.file) ? "--api-key-file" : `--api-key-file ${source.file}`;
    return oneLine(source.file === "-" ? await readStdin() : await readFile(source.file, at), at);
  }
  if (source.env === undefined || source.env.trim() === "") {
    throw new AppError("usage", "no API key", { hint: HINT });
  }
  return oneLine(source.env, "KUSTOMER_API_KEY");
}

/** Throws `usage` when a key has characters that no HTTP header can carry. */
export function checkKey(key: string): void {
  if (key === "") throw new AppError("usage", "the API key is empty", { hint: HINT });
  if (/^(?:Authorization:\s*)?Bearer\s/i.test(key)) {
    throw new AppError("usage", "the API key begins with the word Bearer, which is not of it", {
      hint: "give the key alone",
    });
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new AppError("usage", "the API key has characters that a key cannot have (a space, say)", {
      hint: "copy it again from Kustomer: Settings > Security > API Keys",
    });
  }
}

function oneLine(text: string, at: string): string {
  const key = text.replace(/^\uFEFF/, "").trim();
  if (key === "") throw new AppError("usage", "it is empty", { at, hint: HINT });
  if (ASSIGNMENT.test(key)) {
    throw new AppError(
      "usage",
      "it holds NAME=KEY, as a shell or an .env file has it, and not the key alone",
      {
        at,
        hint: "leave only what stands behind the = sign, without quotation marks",
      },
    );
  }
  if (/^["'`\u2018-\u201f]|["'`\u2018-\u201f]$/.test(key)) {
    throw new AppError("usage", "the key is in quotation marks", { at, hint: "leave them out" });
  }
  if (/[\r\n]/.test(key)) {
    throw new AppError("usage", "it has more than one line", { at, hint: "leave only the key in it" });
  }
  return key;
}

async function readStdin(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Bun.stdin.stream()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) throw tooBig("--api-key-file -");
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Reads in pieces up to the limit, so that a pipe (`--api-key-file <(pass show kustomer)`) works too. */
async function readFile(path: string, at: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let size = 0;
    while (size <= MAX_BYTES) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size, null);
      if (bytesRead === 0) return buffer.toString("utf8", 0, size);
      size += bytesRead;
    }
  } catch (error) {
    throw new AppError("usage", unreadable((error as { code?: string }).code), {
      at,
      hint: mayBeKey(path) ? "give the name of a file that holds the key, not the key itself" : HINT,
      cause: error,
    });
  }
  throw tooBig(at);
}

/** True when the name of a file could be the key itself: long, in no folder, and without an ending unless very long. */
function mayBeKey(path: string): boolean {
  if (path.length < 24 || /[/\\]/.test(path)) return false;
  return path.length > 64 || (/\d/.test(path) && !/\.\w{1,6}$/.test(path));
}

function tooBig(at: string): AppError {
  return new AppError("usage", `it is larger than ${MAX_BYTES} bytes, so it is not a key`, {
    at,
    hint: HINT,
  });
}

function unreadable(code: string | undefined): string {
  if (code === "ENOENT" || code === "ENAMETOOLONG") return "there is no such file";
  if (code === "EISDIR") return "it is a folder, not a file";
  if (code === "EACCES" || code === "EPERM") return "it may not be read";
  return `it could not be read (${code ?? "unknown error"})`;
}
