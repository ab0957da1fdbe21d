/** Lies about what time it is: the server's Date, and this machine's clock. */
import type { Lie } from "../lie.ts";
import { DAY, HOUR, MINUTE, YEAR } from "../world-clock.ts";
import { lie } from "./told.ts";

const OFF: Readonly<Record<string, number>> = {
  "20m": 20 * MINUTE,
  "3h": 3 * HOUR,
  "75y": 75 * YEAR,
};
const AROUND_2026 = Date.UTC(2026, 8, 15);

const date = (name: string, about: string, tell: NonNullable<Lie["date"]>) =>
  lie(`date-${name}`, about, { date: tell });

export const CLOCK: readonly Lie[] = [
  ...Object.entries(OFF).flatMap(([name, ms]) => [
    ...date(`ahead-${name}`, `the Date is ${name} ahead`, (now) => new Date(now + ms).toUTCString()),
    ...date(`behind-${name}`, `the Date is ${name} behind`, (now) => new Date(now - ms).toUTCString()),
    ...lie(`machine-ahead-${name}`, `this machine's clock is ${name} ahead`, { machine: [ms] }),
    ...lie(`machine-behind-${name}`, `this machine's clock is ${name} behind`, { machine: [-ms] }),
  ]),
  ...date("year-10000", "the Date has a year of five digits", () => "Sat, 01 Jan 10000 00:00:00 GMT"),
  ...date("1970", "the Date is where all time begins", () => new Date(0).toUTCString()),
  ...date("absent", "no Date", () => null),
  ...date("garbage", "the Date is a word", () => "yesterday"),
  ...date("other-zone", "the Date is right, in another zone's words", (now) =>
    new Date(now + 2 * HOUR).toUTCString().replace("GMT", "+0200"),
  ),
  ...date("stands", "the Date is the same for a day", (now) =>
    new Date(Math.floor(now / DAY) * DAY).toUTCString(),
  ),
  ...date("backwards", "each answer's Date is ten minutes before the last one's", (now, { memory }) => {
    const count = Number(memory.get("count") ?? 0) + 1;
    memory.set("count", count);
    return new Date(now - count * 10 * MINUTE).toUTCString();
  }),
  ...date("flaps", "each Date is up to three hours wrong", (now, { random }) =>
    new Date(now + random.int(-180, 180) * MINUTE).toUTCString(),
  ),
  ...date("ahead-once", "every tenth Date is a day ahead", (now, { random }) =>
    new Date(now + (random.chance(0.1) ? DAY : 0)).toUTCString(),
  ),
  ...lie("machine-year-10000", "this machine's clock has a year of five digits", {
    machine: [Date.UTC(10_000, 0, 1) - AROUND_2026],
  }),
  ...lie("machine-1970", "this machine's clock was never set", { machine: [5 * DAY - AROUND_2026] }),
  ...lie("machine-jumps", "this machine's clock jumps by hours", {
    machine: [0, 3 * HOUR, -3 * HOUR, DAY, -DAY],
  }),
];
