/** What a run says when streams end differently: their statuses, the run's, and the exit code. */
import { afterEach, describe, expect, test } from "bun:test";
import { AppError, type ErrorCode } from "../../src/lib/errors.ts";
import {
  type RunStatus,
  runExitCode,
  runStatus,
  type StreamReport,
  type StreamStatus,
} from "../../src/sync/report.ts";
import { createLab, type Lab, type Outcome } from "./harness.ts";
import { failure, type Quirks, recently, rowsAt } from "./stand-in.ts";

const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

const CONTEXTS = ["customer", "message", "conversation"];

function setUp(quirks: Quirks = {}): Lab {
  const lab = createLab({ maxPageSize: 10, ...quirks });
  labs.push(lab);
  for (const context of CONTEXTS) lab.api.rows.set(context, rowsAt(context, recently(40)));
  lab.api.rows.set("/v1/tags", rowsAt("tag", recently(5)));
  return lab;
}

const statuses = ({ streams }: Outcome) =>
  Object.fromEntries(streams.map(({ stream, status }) => [stream, status]));

describe("the exit code of", () => {
  const report = ([status, code]: [StreamStatus, ErrorCode?]): StreamReport => ({
    ...{ stream: "s", status, read: 0, written: 0, deleted: 0, rejected: 0, requests: 0 },
    ...{ kept_out: [], synced_to: null, counted: null },
    error: code === undefined ? null : { code, message: "", hint: null },
  });
  const table: [string, [StreamStatus, ErrorCode?][], ErrorCode | null, number, RunStatus][] = [
    ["all done", [["done"], ["done"]], null, 0, "done"],
    ["one skipped", [["done"], ["skipped", "role"]], null, 6, "partial"],
    ["all skipped", [["skipped", "role"]], null, 6, "partial"],
    ["one partial", [["done"], ["partial", "sweep-refused"]], null, 6, "partial"],
    ["one failed", [["done"], ["failed", "api"]], null, 6, "partial"],
    [
      "all failed by the API",
      [
        ["failed", "api"],
        ["failed", "network"],
      ],
      null,
      4,
      "failed",
    ],
    ["all failed by answers of another shape", [["failed", "shape"]], null, 4, "failed"],
    ["all failed by refusals", [["failed", "rate-limit"]], null, 4, "failed"],
    [
      "one failed, one incomplete",
      [
        ["failed", "api"],
        ["failed", "incomplete"],
      ],
      null,
      6,
      "failed",
    ],
    ["a refused key", [["done"], ["partial"]], "auth", 3, "failed"],
    ["Ctrl-C", [["done"], ["partial"]], "interrupted", 130, "interrupted"],
    ["Ctrl-C when all was done", [["done"]], "interrupted", 130, "interrupted"],
    ["a full disk", [["partial"]], "disk-full", 5, "failed"],
  ];
  for (const [name, streams, stopped, exitCode, status] of table) {
    test(`${name} is ${exitCode}`, () => {
      const reports = streams.map(report);
      const error = stopped === null ? null : new AppError(stopped, "");
      expect([runExitCode(reports, error), runStatus(reports, error)]).toEqual([exitCode, status]);
    });
  }
});

test("one stream is denied, one fails, one lacks its archive: the others are done, and each says why", async () => {
  const lab = setUp({ denied: ["customer"], archiveStatus: 403 });
  lab.api.quirks.instead = ({ context, archive }) =>
    context === "message" && !archive ? failure(422, "no such thing") : undefined;
  const outcome = await lab.sync(["customers", "messages", "conversations", "tags"]);
  expect(statuses(outcome)).toEqual({
    conversations: "partial",
    customers: "skipped",
    messages: "failed",
    tags: "done",
  });
  expect([outcome.status, outcome.exitCode]).toEqual(["partial", 6]);
  const errors = Object.fromEntries(outcome.streams.map(({ stream, error }) => [stream, error]));
  expect(errors.customers?.hint).toContain("--skip customers");
  expect(errors.messages?.message).toContain("no such thing");
  expect(errors.conversations?.message).toContain("two years");
  expect(errors.tags).toBeNull();
  expect(lab.held("conversations")).toEqual(lab.truth("conversation"));
});

test.each([401, 403] as const)(
  "a role that is missing, answered %d, skips the stream alone",
  async (status) => {
    const lab = setUp({ denied: ["customer", "/v1/tags"], deniedStatus: status });
    const outcome = await lab.sync(["customers", "messages", "tags"]);
    expect(statuses(outcome)).toEqual({ customers: "skipped", messages: "done", tags: "skipped" });
    expect([outcome.stopped, outcome.exitCode]).toEqual([null, 6]);
    expect(lab.held("messages")).toEqual(lab.truth("message"));
  },
);

test.each([1, 2, 5, 9])(
  "a key revoked at the search after %d stops the run with 3; what was read stays",
  async (after) => {
    const lab = setUp();
    lab.api.quirks.beforeSearch = (count) => {
      if (count === after) lab.api.quirks.revoked = true;
    };
    let committed = 0;
    const onCommit = ({ rows }: { rows: readonly unknown[] }) => {
      committed += rows.length;
    };
    const { stopped, exitCode, status } = await lab.sync(["customers", "messages"], {
      onCommit,
      concurrency: 2,
    });
    expect([stopped?.code, exitCode, status]).toEqual(["auth", 3, "failed"]);
    const kept = lab.held("customers").length + lab.held("messages").length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(committed);
    lab.api.quirks = { maxPageSize: 10 };
    expect((await lab.sync(["customers", "messages"])).exitCode).toBe(0);
    expect(lab.held("messages")).toEqual(lab.truth("message"));
  },
);

test("an API that is down fails every stream, and the code says so: 4", async () => {
  const lab = setUp();
  lab.api.quirks.instead = ({ kind }) => (kind === "token" ? undefined : failure(500, "down"));
  const outcome = await lab.sync(["customers", "messages", "tags"]);
  expect([outcome.status, outcome.exitCode]).toEqual(["failed", 4]);
  expect(outcome.streams.map(({ read, synced_to }) => [read, synced_to])).toEqual(Array(3).fill([0, null]));
});

test("an interrupted run calls nothing done that is not", async () => {
  const lab = setUp();
  const outcome = await lab.sync(["customers", "messages"], { commits: 3, concurrency: 1 });
  expect([outcome.status, outcome.exitCode]).toEqual(["interrupted", 130]);
  expect(outcome.streams.map(({ status }) => status)).toContain("partial");
  for (const [stream, context] of [
    ["customers", "customer"],
    ["messages", "message"],
  ] as const) {
    const report = outcome.streams.find((each) => each.stream === stream);
    if (report?.status === "done") expect(lab.held(stream)).toEqual(lab.truth(context));
  }
});
