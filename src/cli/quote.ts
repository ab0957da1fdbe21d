/**
 * Words of a command line as a message may show them. A key that was given by mistake is longer than what people
 * mistype, and not of letters alone: such a word is not repeated, for terminals and logs of jobs are read by others.
 */

/** What to do instead of giving a key as an argument. */
export const KEY_IS_NO_ARGUMENT =
  "set KUSTOMER_API_KEY, or give --api-key-file PATH: the key is never an argument, where others could read it";

/** True for a word that could be a key. */
export function mayBeKey(word: string): boolean {
  return word.length >= 16 && !/^[a-z_ -]{1,32}$/i.test(word);
}

/** The word in quotation marks; where it could be a key, that alone is said of it. */
export function quote(word: string): string {
  return mayBeKey(word) ? "(not shown, as it could be a key)" : `"${word}"`;
}
