/** What a run tells afterwards: the shape of `sync --json` and of `_sync_runs`, and the exit code it means. */
import type { Counted } from "../destination/destination.ts";
import { type AppError, type ErrorReport, EXIT } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";

/** `absent` is what the account does not have, or this key may not read, and nobody missed. */
export type StreamStatus = "done" | "partial" | "failed" | "skipped" | "absent";

/** True where Kustomer says that there is no such thing, or none for this key, and nobody asked for it by its name. */
export function isAbsence({ isSetting }: Stream, isNamed: boolean, { status }: AppError): boolean {
  return isSetting && !isNamed && (status === 401 || status === 403 || status === 404);
}

export type StreamReport = {
  readonly stream: string;
  readonly status: StreamStatus;
  /** Rows that came, those that came twice counted twice. */
  readonly read: number;
  /** Rows inserted or changed. */
  readonly written: number;
  /** Rows newly marked deleted. */
  readonly deleted: number;
  /** Rows kept out because they cannot be kept: without a usable id, say, or nested too deep. */
  readonly rejected: number;
  /** Which these are and why, a handful of them. */
  readonly kept_out: readonly string[];
  readonly requests: number;
  readonly synced_to: string | null;
  /** What an audit counted; null when nothing was. */
  readonly counted: Counted | null;
  readonly error: ErrorReport | null;
};

export type RunStatus = "done" | "partial" | "failed" | "interrupted";

export type RunReport = {
  readonly run: number;
  readonly status: RunStatus;
  readonly started_at: string;
  readonly finished_at: string;
  readonly requests: number;
  readonly waited_ms: number;
  readonly streams: readonly StreamReport[];
};

/** The status of a run: interrupted or stopped by an error, or what its streams make of it. */
export function runStatus(streams: readonly StreamReport[], stopped: AppError | null): RunStatus {
  if (stopped?.code === "interrupted") return "interrupted";
  if (stopped !== null) return "failed";
  if (streams.every(isEnded)) return "done";
  return streams.every((stream) => stream.status === "failed") ? "failed" : "partial";
}

/**
 * The exit code of a run: that of the error that stopped it; 4 when the API failed every stream; 6 when
 * some streams were not read completely.
 */
export function runExitCode(streams: readonly StreamReport[], stopped: AppError | null): number {
  if (stopped !== null) return stopped.exitCode;
  const broken = (stream: StreamReport) =>
    stream.status === "failed" &&
    ["api", "network", "rate-limit", "shape"].includes(stream.error?.code ?? "");
  if (streams.length > 0 && streams.every(broken)) return EXIT.api;
  return streams.every(isEnded) ? EXIT.done : EXIT.partial;
}

/** True for a stream of which nothing is left to be read. */
function isEnded({ status }: StreamReport): boolean {
  return status === "done" || status === "absent";
}
