/**
 * The words of a statement, as SQLite tells them apart: https://www.sqlite.org/lang_keywords.html. Comments, numbers and
 * spaces are none. Enough to see what a trigger does, and no parser.
 */

/** `quoted` words are names (or texts, which SQLite takes for names where one must stand), never keywords. */
export type Word = { readonly text: string; readonly quoted: boolean };

const WORD =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*)|([^\s\w])|\S/gu;

/** The words of a statement, in lower case; each sign that is no word is a word of one character. */
export function wordsOf(sql: string): Word[] {
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
