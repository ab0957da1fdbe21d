/** Which options of `export` go together; what does not is refused before a file is opened. */
import { AppError } from "../lib/errors.ts";

export type ExportValues = {
  readonly format: string;
  readonly out: string | undefined;
  readonly stdout: boolean;
  readonly compress: string | undefined;
  readonly since: number | undefined;
  readonly sinceLast: boolean;
  readonly partitionBy: string | undefined;
  readonly columns: readonly string[];
  readonly where: string | undefined;
  readonly limit: number | undefined;
  readonly includeDeleted: boolean;
  readonly liveOnly: boolean;
  readonly forExcel: boolean;
  readonly rowGroupRows: number | undefined;
  readonly overwrite: boolean;
  readonly json: boolean;
};

/** Throws `usage` for options that contradict each other. */
export function checkExport(
  values: ExportValues,
  { named, outIsTTY }: { readonly named: readonly string[]; readonly outIsTTY: boolean },
): void {
  const { format } = values;
  const refuse = (message: string, hint: string): never => {
    throw new AppError("usage", message, { at: "export", hint });
  };
  if (values.since !== undefined && values.sinceLast) {
    refuse("--since and --since-last exclude each other", "give one of them");
  }
  if (values.sinceLast && values.overwrite) {
    refuse(
      "--since-last and --overwrite exclude each other",
      "--overwrite alone begins anew, with all rows; --since-last alone adds what changed",
    );
  }
  if (values.includeDeleted && values.liveOnly) {
    refuse("--include-deleted and --live-only exclude each other", "give one of them, or neither");
  }
  const part = (
    [
      ["--columns", values.columns.length > 0],
      ["--where", values.where !== undefined],
      ["--limit", values.limit !== undefined],
      ["--live-only", values.liveOnly],
    ] as const
  ).find(([, given]) => given)?.[0];
  if (values.sinceLast && part !== undefined) {
    refuse(
      `--since-last and ${part} exclude each other: what one export leaves out, those after it would miss`,
      `leave out ${part}, and choose when you read the files; or give --since TIME`,
    );
  }
  if (values.forExcel && format !== "csv") {
    refuse(`--for-excel is of CSV, not of ${format}`, "--format csv --for-excel");
  }
  if (values.rowGroupRows !== undefined && format === "csv") {
    refuse("--row-group-rows is of NDJSON and Parquet: CSV has no row groups", "leave it out");
  }
  if (!values.stdout) return;
  const clash = (
    [
      ["--out", values.out !== undefined],
      ["--partition-by", values.partitionBy !== undefined],
      ["--since-last", values.sinceLast],
      ["--overwrite", values.overwrite],
      ["--json", values.json],
    ] as const
  ).find(([, given]) => given)?.[0];
  if (clash !== undefined) {
    refuse(`--stdout and ${clash} exclude each other`, `leave out one of them`);
  }
  if (values.rowGroupRows !== undefined && format === "ndjson") {
    refuse("--row-group-rows cuts NDJSON into files, and stdout is one", "leave it out");
  }
  if (named.length !== 1) {
    refuse(`--stdout takes one stream, not ${named.length}`, "kustomer-sync export customers --stdout");
  }
  const isBinary = format === "parquet" || (values.compress ?? "none") !== "none";
  if (outIsTTY && isBinary) {
    refuse("a terminal is no place for binary data", `kustomer-sync export ${named[0]} --stdout ... > FILE`);
  }
}
