/**
 * Lies that the program does not see through, and what comes of them; each is a limit that was chosen, or one that is
 * written down. The tests leave them out; where one is mended, `bun scripts/adversary.ts` says which lines can go.
 */
export const KNOWN: Readonly<Record<string, string>> = {
  // A row's own word about itself is taken until it changes; `--full` reads it again.
  "rows-dead/always": "rows that once called themselves deleted stay so until they change, or until --full",
  "rows-dead/few": "rows that once called themselves deleted stay so until they change, or until --full",
  "list-dead": "rows that once called themselves deleted stay so until they change, or until --full",
  // What has an earlier time of change is older, by the law that nothing goes backwards.
  "back-5m": "a version with an earlier time of change is never taken",
  "back-month": "a version with an earlier time of change is never taken",
  // Of what only a list knows, nothing is counted.
  purged: "notes last changed over two years ago that were purged are found by --full alone",
  // In a first sync there is no time that a row has to be newer than.
  "rows-old/always":
    "an old version within the range that was asked for is told from the true one by the audit, in time",
  "rows-old/some":
    "an old version within the range that was asked for is told from the true one by the audit, in time",
  // It ends, and says so, after some thousand requests.
  "short/always": "ends after more requests than the adversary waits for",
  "short-last/always": "ends after more requests than the adversary waits for",
  // All was asked for and answered; the run says what its audit found.
  "total-rows/few": "calls complete what was read to its end, though the count afterwards was refused",
  "status-400": "calls complete what was read to its end, though the count afterwards was refused",
  "border-three-years": "calls complete what was read to its end, though the count afterwards was refused",
};
