/**
 * What a run tells GitHub Actions beside its own output: a table in the job's summary, outputs for later steps, and
 * annotations. It is talk: where it cannot be told, the run goes on, and outside of GitHub Actions nothing is.
 */
import { appendFileSync } from "node:fs";
import type { Environment } from "./parse.ts";
import { type Cell, type Column, cellText, titleOf } from "./table.ts";

export type Annotation = {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
};

export type JobReport = {
  readonly title: string;
  readonly table?: { readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] };
  /** Sentences below the table. */
  readonly notes?: readonly string[];
  readonly outputs?: Readonly<Record<string, string | number | boolean>>;
  readonly annotations?: readonly Annotation[];
};

export type Job = {
  readonly isGithub: boolean;
  readonly tell: (report: JobReport) => Promise<void>;
};

export type JobParts = {
  readonly env: Environment;
  /** Null where stdout is data, in which an annotation would be a fault. */
  readonly out: ((text: string) => Promise<boolean>) | null;
  readonly warn: (text: string) => void;
};

/** The job that this process is a step of; outside of GitHub Actions one that hears nothing. */
export function createJob({ env, out, warn }: JobParts): Job {
  if (env.GITHUB_ACTIONS !== "true") return { isGithub: false, tell: async () => {} };
  const append = (variable: string, text: string) => {
    const path = env[variable] ?? "";
    if (path === "" || text === "") return;
    try {
      appendFileSync(path, text);
    } catch (error) {
      warn(`${variable}: ${(error as Error).message}: nothing was written there`);
    }
  };
  return {
    isGithub: true,
    async tell(report) {
      append("GITHUB_STEP_SUMMARY", summaryOf(report));
      append("GITHUB_OUTPUT", outputsOf(report.outputs ?? {}));
      for (const annotation of report.annotations ?? []) await out?.(annotationLine(annotation));
    },
  };
}

/** Markdown: a heading, a table, sentences. */
export function summaryOf({ title, table, notes = [], annotations = [] }: JobReport): string {
  const said = annotations.map(({ title, message }) => `**${plain(title)}**: ${plain(message)}`);
  const lines = table === undefined ? [] : [tableOf(table.columns, table.rows)];
  return [`### ${plain(title)}`, ...lines, ...notes.map(plain), ...said]
    .map((part) => `${part}\n\n`)
    .join("");
}

function tableOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = columns.map((_, column) =>
    rows.every((row) => row[column] === null || typeof row[column] === "number"),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map((column) => plain(titleOf(column)))),
    line(isNumber.map((right) => (right ? "---:" : "---"))),
    ...rows.map((row) => line(columns.map((_, column) => plain(cellText(row[column] ?? null))))),
  ].join("\n");
}

/** A text that Markdown shows as it is, on one line. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]|~#!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** `name=value` lines; a value of several lines stands between two words that it cannot hold. */
export function outputsOf(outputs: NonNullable<JobReport["outputs"]>): string {
  const lines = Object.entries(outputs).map(([name, value]) => {
    const text = String(value);
    if (!/[\r\n]/.test(text)) return `${name}=${text}\n`;
    const word = `end-${crypto.randomUUID()}`;
    return `${name}<<${word}\n${text}\n${word}\n`;
  });
  return lines.join("");
}

/** A workflow command: https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
export function annotationLine({ level, title, message }: Annotation): string {
  const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = data(title).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::${level} title=${property}::${data(message)}\n`;
}
