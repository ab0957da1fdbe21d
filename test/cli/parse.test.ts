import { describe, expect, test } from "bun:test";
import { type OptionTable, readValue, type Values } from "../../src/cli/option-kinds.ts";
import { type CommandLine, type Environment, type Grammar, parseCommandLine } from "../../src/cli/parse.ts";
import {
  connectionOptions,
  databaseOptions,
  limitOptions,
  outputOptions,
  skipOption,
  streamArgument,
  streamArguments,
} from "../../src/cli/shared-options.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";

const OPTIONS = {
  ...databaseOptions,
  ...connectionOptions,
  ...limitOptions,
  ...skipOption,
  ...outputOptions,
  startDate: { kind: "time", summary: "", env: "KUSTOMER_START_DATE" },
  offset: { kind: "integer", summary: "", min: -10 },
  lag: { kind: "duration", summary: "", max: 3_600_000 },
  note: { kind: "string", summary: "", example: "words" },
} as const satisfies OptionTable;

const SYNC: Grammar = { name: "sync", options: OPTIONS, positionals: [streamArguments] };
const LOAD: Grammar = {
  name: "load",
  options: outputOptions,
  positionals: [streamArgument, { name: "file", summary: "", variadic: true }],
};

function parse(argv: string[], env: Environment = {}, grammar = SYNC): CommandLine {
  const parsed = parseCommandLine(grammar, argv, env);
  if (parsed.ask !== null) throw new Error(`asked for ${parsed.ask}`);
  return parsed;
}

function values(argv: string[], env: Environment = {}): Values<typeof OPTIONS> {
  return parse(argv, env).values as Values<typeof OPTIONS>;
}

/** The lines a user sees. */
function complaint(argv: string[], env: Environment = {}, grammar = SYNC): string {
  try {
    parseCommandLine(grammar, argv, env);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).exitCode).toBe(2);
    return renderError(error as AppError);
  }
  throw new Error(`accepted ${argv.join(" ")}`);
}

test("values have the types that their kinds promise", () => {
  const given = values(["--region", "eu", "--rpm", "10", "--skip", "notes"]);
  const db: string = given.db;
  const region: "us" | "eu" | "in" | undefined = given.region;
  const rpm: number | undefined = given.rpm;
  const share: number = given.rateShare;
  const skip: readonly string[] = given.skip;
  const json: boolean = given.json;
  // @ts-expect-error an option without a default may be missing
  const org: string = given.org;
  expect({ db, region, rpm, share, skip, json, org }).toEqual({
    db: "./kustomer.db",
    region: "eu",
    rpm: 10,
    share: 0.5,
    skip: ["notes"],
    json: false,
    org: undefined as unknown as string,
  });
});

describe("accepted", () => {
  test.each<[string, string[], Partial<Record<keyof typeof OPTIONS, unknown>>]>([
    ["--flag value", ["--db", "a.db"], { db: "a.db" }],
    ["--flag=value", ["--db=a.db"], { db: "a.db" }],
    ["a value with an equals sign", ["--note=a=b"], { note: "a=b" }],
    ["a value that begins with a dash, by =", ["--note=--x"], { note: "--x" }],
    ["- for stdin", ["--api-key-file", "-"], { apiKeyFile: "-" }],
    ["a negative number", ["--offset", "-5"], { offset: -5 }],
    ["a negative number by =", ["--offset=-5"], { offset: -5 }],
    ["defaults", [], { db: "./kustomer.db", timeout: 60_000, concurrency: 8, rateShare: 0.5, skip: [] }],
    ["sizes", ["--max-body", "0.5GiB"], { maxBody: 2 ** 29 }],
    ["durations", ["--timeout", "1.5m", "--rate-window=500ms"], { timeout: 90_000, rateWindow: 500 }],
    ["a share", ["--rate-share", ".25"], { rateShare: 0.25 }],
    ["a repeated list", ["--skip", "notes", "--skip=tags"], { skip: ["notes", "tags"] }],
    ["a list with commas", ["--skip", "notes, tags,notes"], { skip: ["notes", "tags"] }],
    ["a boolean twice", ["--json", "--json"], { json: true }],
    ["an enum in capitals", ["--region", "EU"], { region: "eu" }],
    ["a day", ["--start-date", "2024-01-31"], { startDate: Date.UTC(2024, 0, 31) }],
    ["an instant", ["--start-date", "2024-01-31T08:00:00+02:00"], { startDate: Date.UTC(2024, 0, 31, 6) }],
    ["month/day/year", ["--start-date", "01/31/2024"], { startDate: Date.UTC(2024, 0, 31) }],
    ["leap day", ["--start-date", "2/29/2024"], { startDate: Date.UTC(2024, 1, 29) }],
    ["a loopback address", ["--api-url", "http://127.0.0.1:8787"], { apiUrl: "http://127.0.0.1:8787" }],
  ])("%s", (_, argv, expected) => {
    expect(values(argv)).toMatchObject(expected);
  });

  test("how long ago, from now on", () => {
    const [before, { startDate }, after] = [Date.now(), values(["--start-date", "2w"]), Date.now()];
    expect(startDate).toBeGreaterThanOrEqual(before - 14 * 86_400_000);
    expect(startDate).toBeLessThanOrEqual(after - 14 * 86_400_000);
  });

  test("a date that could be read two ways is read month first, and that is said once", () => {
    const { notes, values } = parse(["--start-date", "02/01/2026"]);
    expect(values.startDate).toBe(Date.UTC(2026, 1, 1));
    expect(notes).toEqual([
      '--start-date: "02/01/2026" is read month first, as 2026-02-01; written like that it is certain',
    ]);
    expect(parse([], { KUSTOMER_START_DATE: "2/1/2026" }).notes[0]).toStartWith("KUSTOMER_START_DATE: ");
    for (const certain of ["02/13/2026", "02/02/2026", "2026-02-01", "yesterday", "7d"]) {
      expect(parse(["--start-date", certain]).notes).toEqual([]);
    }
  });

  test("positionals before, between and after options, and all that follows --", () => {
    expect(parse(["notes", "--json", "tags"]).positionals).toEqual({ stream: ["notes", "tags"] });
    expect(parse([]).positionals).toEqual({ stream: [] });
    expect(parse(["notes", "notes"]).positionals).toEqual({ stream: ["notes"] });
    expect(parse(["notes", "-", "--", "--odd.json"], {}, LOAD).positionals).toEqual({
      stream: "notes",
      file: ["-", "--odd.json"],
    });
  });

  test("--help and --version win over everything else that is wrong", () => {
    for (const flag of ["--help", "-h"]) {
      expect(parseCommandLine(SYNC, ["--bogus", flag, "nostream"], {})).toEqual({ ask: "help" });
    }
    for (const flag of ["--version", "-v"]) {
      expect(parseCommandLine(SYNC, [flag, "--rpm", "x"], {})).toEqual({ ask: "version" });
    }
    expect(parse(["--", "notes"]).positionals).toEqual({ stream: ["notes"] });
    expect(complaint(["--", "--help"])).toContain('STREAM "--help" is not one of');
  });
});

describe("refused, with what was given and what is accepted", () => {
  test.each<[string, string[], string[]]>([
    ["an unknown option", ["--steams"], ["sync: unknown option --steams", "try: kustomer-sync sync --help"]],
    ["a misspelt option", ["--ski", "notes"], ["unknown option --ski (did you mean --skip?)"]],
    ["a misspelt option by =", ["--jsn=1"], ["unknown option --jsn (did you mean --json?)"]],
    ["one dash", ["-json"], ["did you mean --json?"]],
    ["a short option", ["-x"], ["unknown option -x"]],
    ["a negated option", ["--no-json"], ["unknown option --no-json"]],
    ["a name of Object.prototype", ["--constructor"], ["unknown option --constructor"]],
    ["__proto__", ["--__proto__", "x"], ["unknown option --__proto__"]],
    ["a number on its own", ["-5"], ["unknown option -5"]],
    ["no value at the end", ["--db"], ["--db: needs a value", "try: --db ./kustomer.db"]],
    ["a flag for a value", ["--db", "--json"], ["--db: needs a value", "--db=VALUE"]],
    ["an empty value", ["--db="], ["--db: needs a value"]],
    ["a blank value", ["--org", "  "], ["--org: needs a value", "--org acme"]],
    ["a value for a boolean", ["--json=true"], ["--json: takes no value"]],
    ["a value for --help", ["--help=sync"], ["--help: takes no value"]],
    ["an option twice", ["--db", "a", "--db", "b"], ["--db is given twice"]],
    ["a word for a number", ["--rpm", "fast"], ['--rpm: "fast" is not a whole number of at least 1']],
    ["a fraction for an integer", ["--rpm", "1.5"], ['"1.5" is not a whole number']],
    ["1e3", ["--rpm", "1e3"], ['"1e3" is not a whole number']],
    ["a number that loses precision", ["--rpm", "9007199254740993"], ["is not a whole number"]],
    ["below the least", ["--rpm", "-5"], ['"-5" is not a whole number of at least 1', "--rpm 1"]],
    ["above the most", ["--concurrency=101"], ['"101" is not a whole number from 1 to 100']],
    ["a share of nothing", ["--rate-share", "0"], ['"0" is not a number from 0.01 to 1', "--rate-share 0.5"]],
    ["a percentage", ["--rate-share", "50%"], ['"50%" is not a number']],
    ["a bare duration", ["--timeout", "60"], ['"60" is not a duration (90s, 15m', "try: --timeout 60s"]],
    ["no size", ["--max-body", "big"], ['"big" is not a size (512kB, 64MB, 1GiB)', "try: --max-body 64MB"]],
    ["a large size", ["--max-body", "2TB"], ["from 1.0 kB to 1.1 GB"]],
    ["no time at all", ["--timeout", "0s"], ['"0s" is not a duration']],
    ["a long duration", ["--lag", "2h"], ["of at most 1h 00m"]],
    [
      "a day that does not exist",
      ["--start-date", "2024-02-31"],
      ['"2024-02-31" is not a date', "01/31/2024"],
    ],
    ["day before month", ["--start-date", "31/01/2024"], ['"31/01/2024" is not a date that exists']],
    ["a date to come", ["--start-date", "tomorrow"], ['"tomorrow" is not a date', "yesterday or 7d"]],
    ["a number of days without their unit", ["--start-date", "7"], ['"7" is not a date']],
    [
      "an unknown region",
      ["--region", "usa"],
      ['"usa" is not one of us, eu, in (did you mean us?)', "us|eu|in"],
    ],
    ["an odd organisation", ["--org", "a b"], ['--org: "a b" is not the name']],
    [
      "plain http",
      ["--api-url", "http://example.com"],
      ["--api-url: http:// would carry the key unprotected"],
    ],
    ["an unknown stream", ["note"], ['sync: STREAM "note" is not one of', "(did you mean notes?)"]],
    [
      "an unknown stream to skip",
      ["--skip", "tags,nots"],
      ['--skip: "nots" is not one of', "did you mean notes?"],
    ],
    ["a list of nothing", ["--skip", ","], ['--skip: "," names no stream', "--skip notes"]],
    ["an empty stream", [""], ["STREAM is empty"]],
    ["two ways to the API", ["--org", "a", "--region", "eu"], ["--org and --region exclude each other"]],
  ])("%s", (_, argv, parts) => {
    const text = complaint(argv);
    for (const part of parts) expect(text).toContain(part);
  });

  test("missing and extra positionals, with the usage", () => {
    expect(complaint([], {}, LOAD)).toBe(
      "error: load: STREAM is missing\n  try: kustomer-sync load STREAM FILE...",
    );
    expect(complaint(["notes"], {}, LOAD)).toContain("FILE is missing");
    const none: Grammar = { name: "status", options: {}, positionals: [] };
    expect(complaint(["notes"], {}, none)).toBe(
      'error: status: unexpected argument "notes"\n  try: kustomer-sync status',
    );
  });

  test("a key given as an argument is answered with the way to give it, and is not repeated", () => {
    for (const argv of [
      ["--api-key", "s3cr3t"],
      ["--api-key=s3cr3t"],
      ["--token", "s3cr3t"],
      ["--key=s3cr3t"],
    ]) {
      const text = complaint(argv);
      expect(text).toContain("KUSTOMER_API_KEY");
      expect(text).not.toContain("s3cr3t");
    }
    expect(complaint(["--apikee=s3cr3t"])).not.toContain("s3cr3t");
    expect(complaint(["--api-url", "https://user:s3cr3t@example.com"])).not.toContain("s3cr3t");
  });
});

describe("the environment", () => {
  test("stands behind the flags and before the defaults; empty variables are unset", () => {
    const env = { KUSTOMER_SYNC_DB: "env.db", KUSTOMER_START_DATE: "2024-01-31", KUSTOMER_ORG: "" };
    expect(values([], env)).toMatchObject({ db: "env.db", startDate: Date.UTC(2024, 0, 31), org: undefined });
    expect(values(["--db", "flag.db"], env).db).toBe("flag.db");
    expect(values([], { KUSTOMER_SYNC_DB: " " }).db).toBe("./kustomer.db");
  });

  test("a wrong variable is named, and only when its value would have been used", () => {
    expect(complaint([], { KUSTOMER_REGION: "mars" })).toBe(
      'error: KUSTOMER_REGION: "mars" is not one of us, eu, in\n  try: KUSTOMER_REGION=us|eu|in',
    );
    expect(complaint([], { KUSTOMER_START_DATE: "31/01/2024" })).toContain(
      'KUSTOMER_START_DATE: "31/01/2024"',
    );
    expect(complaint([], { KUSTOMER_ORG: "a b" })).toStartWith('error: KUSTOMER_ORG: "a b" is not the name');
    expect(values(["--start-date", "2024-01-31"], { KUSTOMER_START_DATE: "never" }).startDate).toBeNumber();
  });

  test("a connection flag puts the environment's other connection variables out of force", () => {
    const env = { KUSTOMER_ORG: "acme", KUSTOMER_REGION: "mars", KUSTOMER_API_URL: "nonsense" };
    expect(values(["--region", "eu"], env)).toMatchObject({
      org: undefined,
      region: "eu",
      apiUrl: undefined,
    });
    expect(values(["--org", "b"], env)).toMatchObject({ org: "b", region: undefined, apiUrl: undefined });
  });

  test("two connection variables without a flag are a question, not a guess", () => {
    const text = complaint([], { KUSTOMER_ORG: "acme", KUSTOMER_API_URL: "http://127.0.0.1:1" });
    expect(text).toContain("KUSTOMER_ORG and KUSTOMER_API_URL exclude each other");
    expect(text).toContain("unset all but one");
  });
});

test("every shared default is a value that its own option accepts", () => {
  for (const [name, option] of Object.entries<OptionTable[string]>(OPTIONS)) {
    if (!("default" in option) || option.default === undefined) continue;
    expect(readValue(option, option.default), name).toHaveProperty("value");
  }
});
