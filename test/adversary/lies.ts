/** The table of lies. A new one is a line in one of these files, and may be told by its name at once. */
import { type Kind, kindNamed, LISTED, SEARCHED } from "./kinds.ts";
import { KNOWN } from "./known.ts";
import type { Lie } from "./lie.ts";
import { ARCHIVE } from "./lies/archive.ts";
import { CLOCK } from "./lies/clock.ts";
import { COUNT } from "./lies/count.ts";
import { EVENT } from "./lies/event.ts";
import { FAULT } from "./lies/fault.ts";
import { INDEX } from "./lies/index-lag.ts";
import { LIST } from "./lies/list.ts";
import { MISREAD } from "./lies/misread.ts";
import { PAGE } from "./lies/page.ts";
import { ROWS } from "./lies/rows.ts";
import { USERS } from "./lies/users.ts";
import { hash } from "./random.ts";

const TRUTH: readonly Lie[] = [
  { name: "none", about: "nothing but the truth", often: "always" },
  { name: "none-killed", about: "nothing but the truth, and kill -9", often: "always", kills: true },
];

const known = (lies: readonly Lie[]): Lie[] =>
  lies.map((lie) => {
    const todayLoses = KNOWN[lie.name];
    return todayLoses === undefined ? lie : { ...lie, todayLoses };
  });

const about = (streams: readonly Kind[], lies: readonly Lie[]): Lie[] =>
  lies.map((lie) => ({ streams, ...lie }));

export const LIES: readonly Lie[] = known([
  ...TRUTH,
  ...CLOCK,
  ...about(SEARCHED, COUNT),
  ...about(SEARCHED, PAGE),
  ...about(SEARCHED, ROWS),
  ...about(SEARCHED, INDEX),
  ...FAULT,
  // Old notes come from a list, too.
  ...about([...LISTED, kindNamed("notes")], LIST),
  ...about([kindNamed("users")], USERS),
  ...about(SEARCHED, ARCHIVE),
  ...about(SEARCHED, MISREAD),
  ...about(SEARCHED, EVENT),
]);

const familyOf = ({ name }: Lie) => name.split("/")[0]!;

/** Each lie once: of one that may be told always, now and then or seldom, the seed says which. */
export function liesOf(seed: number): Lie[] {
  const families = Map.groupBy(LIES, familyOf);
  return [...families].map(([name, family]) => family[hash(`${name} ${seed}`) % family.length]!);
}
