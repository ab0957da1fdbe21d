/**
 * Lies that the program does not see through, and what comes of them; each is a limit that was chosen, or one that is
 * written down. The tests leave them out; where one is mended, `bun scripts/adversary.ts` says which lines can go.
 */
export const KNOWN: Readonly<Record<string, string>> = {
  // Only a list knows of notes last changed over two years ago, and nothing counts the live ones; `--full` reads them.
  "rows-dead/always":
    "old notes that once called themselves deleted stay so until they change, or until --full",
  "list-dead": "old notes that once called themselves deleted stay so until they change, or until --full",
  // What has an earlier time of change is older, by the law that nothing goes backwards.
  "back-5m": "a version with an earlier time of change is never taken",
  "back-month": "a version with an earlier time of change is never taken",
  // Of what only a list knows, nothing is counted.
  purged: "notes last changed over two years ago that were purged are found by --full alone",
  // The first row of a page has none before it to be held against; of old notes, again, nothing is counted.
  "rows-old/always":
    "an old version of the oldest row of all, or of an old note, stays until it changes, or until --full",
  "rows-old/some":
    "an old version of the oldest row of all, or of an old note, stays until it changes, or until --full",
  // It ends, and says so, after some thousand requests.
  "short/always": "ends after more requests than the adversary waits for",
  "short-last/always": "ends after more requests than the adversary waits for",
  // All was asked for and answered; the run says what its audit found.
  "total-rows/few": "calls complete what was read to its end, though the count afterwards was refused",
  "status-400": "calls complete what was read to its end, though the count afterwards was refused",
  "border-three-years": "calls complete what was read to its end, though the count afterwards was refused",
};
