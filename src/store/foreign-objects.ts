/**
 * What somebody put into the file that would change or drop rows behind the program's back, while it says that they are
 * written. Tables, views, indexes and triggers of the user's own stay, triggers on our tables too while they write
 * only to the user's (a full-text index is kept up to date so); what would touch our rows is refused, and named.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import { STREAMS } from "../streams/index.ts";
import { quote } from "./identifier.ts";

type Made = {
  readonly name: string;
  readonly tbl_name: string;
  readonly type: string;
  readonly sql: string | null;
};

/** Throws `store-foreign` where writing rows would do more, or less, than to write them. */
export function checkMeddling(db: Database, path: string): void {
  const made = db
    .query<Made, []>("SELECT name, tbl_name, type, sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
    .all();
  const triggers = made.filter(({ type }) => type === "trigger");
  // Triggers fire triggers: whatever one on a table of ours writes to is looked at too.
  const reached = new Set(made.map(({ tbl_name }) => tbl_name.toLowerCase()).filter(isOurs));
  for (const table of reached) {
    for (const { name, tbl_name, sql } of triggers) {
      if (tbl_name.toLowerCase() !== table) continue;
      const { targets, ignores } = effectsOf(sql ?? "");
      const ours = targets.find(isOurs);
      if (ours !== undefined || ignores) throw meddles(path, { name, tbl_name }, ours ?? null);
      for (const target of targets) reached.add(target);
    }
  }
  for (const { name, type, sql } of made)
    if (type === "table" && isOurs(name.toLowerCase()) && resolvesConflicts(sql ?? ""))
      throw resolves(path, name);
}

const NAMES: ReadonlySet<string> = new Set(STREAMS.map(({ name }) => name.toLowerCase()));

function isOurs(table: string): boolean {
  return NAMES.has(table) || table.startsWith("_sync_");
}

/** The tables that a trigger writes to, and whether it makes rows vanish without a word. */
function effectsOf(sql: string): { targets: string[]; ignores: boolean } {
  const words = wordsOf(sql);
  const body = words.slice(words.findIndex((word) => isWord(word, "begin")) + 1);
  const targets: string[] = [];
  let ignores = false;
  body.forEach((word, at) => {
    const next = body[at + 1];
    if (isWord(word, "into") || (isWord(word, "from") && isWord(body[at - 1], "delete")))
      targets.push(next?.text ?? "");
    if (isWord(word, "update")) {
      // `UPDATE OR IGNORE messages`, and `DO UPDATE SET` of an upsert, whose table was met before.
      const target = isWord(next, "or") ? body[at + 3] : next;
      if (!isWord(target, "set")) targets.push(target?.text ?? "");
    }
    if (isWord(word, "raise") && body.slice(at, at + 3).some((each) => isWord(each, "ignore")))
      ignores = true;
  });
  return { targets, ignores };
}

/** `UNIQUE ON CONFLICT REPLACE` and the like remove other rows, or leave this one out. */
function resolvesConflicts(sql: string): boolean {
  const words = wordsOf(sql);
  return words.some((word, at) => isWord(word, "on") && isWord(words[at + 1], "conflict"));
}

function isWord(word: Word | undefined, text: string): boolean {
  return word !== undefined && !word.quoted && word.text === text;
}

function meddles(
  path: string,
  { name, tbl_name }: { name: string; tbl_name: string },
  target: string | null,
): AppError {
  const does = target === null ? "leaves rows out without a word" : `writes to ${target}`;
  return new AppError(
    "store-foreign",
    `somebody put a trigger into the file that would change what is read: ${name}, on ${tbl_name}, ${does}`,
    { at: path, hint: `sqlite3 FILE 'DROP TRIGGER ${quote(name)}' removes it; it was left as it is` },
  );
}

function resolves(path: string, table: string): AppError {
  return new AppError("store-foreign", `the table ${table} was changed by hand: it drops rows ON CONFLICT`, {
    at: path,
    hint: "restore a copy, or sync into a new file with --db; it was left as it is",
  });
}

/** `quoted` words are names (or texts, which SQLite takes for names where one must stand), never keywords. */
type Word = { readonly text: string; readonly quoted: boolean };

/**
 * The words of a statement, as SQLite tells them apart: https://www.sqlite.org/lang_keywords.html. Comments, numbers and
 * spaces are none. Enough to see what a trigger does, and no parser.
 */
const WORD =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*)|([^\s\w])|\S/gu;

/** The words of a statement, in lower case; each sign that is no word is a word of one character. */
function wordsOf(sql: string): Word[] {
  const words: Word[] = [];
  for (const [, text, name, tick, bracket, plain, sign] of sql.matchAll(WORD)) {
    const quoted =
      text?.replaceAll("''", "'") ?? name?.replaceAll('""', '"') ?? tick?.replaceAll("``", "`") ?? bracket;
    if (quoted !== undefined) words.push({ text: quoted.toLowerCase(), quoted: true });
    else if (plain !== undefined) words.push({ text: plain.toLowerCase(), quoted: false });
    else if (sign !== undefined) words.push({ text: sign, quoted: false });
  }
  return words;
}
