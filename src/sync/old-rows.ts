/**
 * The rows of a stream that the standard search leaves out for their age, where Kustomer keeps them apart: in an
 * archive search, or only in a list. Where they are refused, the rest of the stream is read, and what lacks is said.
 */
import { AppError } from "../lib/errors.ts";
import type { Resource } from "../lib/resource.ts";
import type { Clocks } from "./clocks.ts";
import type { Ledger } from "./ledger.ts";
import { hasOldRowAfter, type OldList, readOldList } from "./old-list.ts";
import type { ReaderContext, Step } from "./reader.ts";
import { EARLIEST } from "./stream-state.ts";

export class OldRows {
  readonly lacks: AppError[] = [];
  readonly #stream: string;
  /** The path of the list; null where there is an archive. */
  readonly #path: string | null;
  readonly #ledger: Ledger;
  readonly #context: ReaderContext;
  readonly #clocks: Clocks;
  #list: "none" | "due" | "busy";
  #isWhole = false;
  /** Whether the list that was read last held nothing. */
  #isEmpty = false;

  constructor(
    stream: string,
    path: string | null,
    { ledger, context, clocks }: { ledger: Ledger; context: ReaderContext; clocks: Clocks },
  ) {
    this.#stream = stream;
    this.#path = path;
    this.#ledger = ledger;
    this.#context = context;
    this.#clocks = clocks;
    this.#list = ledger.isListDue ? "due" : "none";
  }

  /** True when no list is left to be read. */
  get isRead(): boolean {
    return this.#list === "none";
  }

  /** Has the list read again, to its very end. */
  readAgain(): void {
    this.#list = "due";
    this.#isWhole = true;
  }

  /** The next page of the list; null when none is due. */
  take(): Step | null {
    if (this.#list !== "due" || this.#path === null) return null;
    this.#list = "busy";
    const path = this.#path;
    return () => this.orLack(this.#readList(path));
  }

  /** Once the rest is read: believes an empty list where the stream has no rows, for it lists those of the search, too. */
  async settle(): Promise<void> {
    if (!this.#isEmpty) return;
    this.#isEmpty = false;
    const held = this.#context.counts?.count({ from: EARLIEST, to: Number.POSITIVE_INFINITY }) ?? 0;
    if (held === 0) await this.#ledger.commitList([]);
    else {
      this.lacks.push(
        new AppError("incomplete", `${this.#path} lists nothing, and the search has rows`, {
          at: this.#stream,
          hint: "rows last changed over two years ago may be missing; run sync again: it asks for the list again",
        }),
      );
    }
  }

  /** Whether the list holds more rows than the destination. */
  async isListLonger(): Promise<boolean> {
    const { counts } = this.#context;
    if (this.#path === null || counts === null) return false;
    const held = counts.count({ from: EARLIEST, to: Number.POSITIVE_INFINITY });
    return hasOldRowAfter(
      held,
      this.#ledger.line,
      this.#listOf(this.#path, async () => {}),
    );
  }

  #listOf(path: string, keep: OldList["keep"]): OldList {
    return { path, api: this.#context.api, clocks: this.#clocks, keep, isWhole: this.#isWhole };
  }

  async #readList(path: string): Promise<void> {
    const ledger = this.#ledger;
    const keep = (rows: readonly Resource[]) => ledger.commit(rows, null);
    const { rows, progress } = await readOldList(ledger.state.scan, this.#listOf(path, keep));
    if (progress === null) {
      this.#list = "none";
      // What an empty list proves is seen when the search has told of the same rows.
      this.#isEmpty = rows.length === 0 && ledger.state.scan === null;
      return this.#isEmpty ? undefined : ledger.commitList(rows);
    }
    const { nextPage, refused, unkept } = progress;
    const isLast = nextPage === 0;
    this.#list = isLast ? "none" : "due";
    // What is refused will be so again; what could not be kept may come whole when the list is read anew.
    const scan = isLast && refused === null ? null : progress;
    await ledger.commit(rows, { ...ledger.state, scan });
    if (isLast && refused !== null) this.#lack(new AppError("api", refused));
    if (isLast && refused === null && unkept !== undefined) {
      const hint = "all other rows are read; the next sync reads the list of old rows again";
      this.lacks.push(new AppError("incomplete", `a row of the list ${unkept}`, { at: this.#stream, hint }));
    }
  }

  #lack(error: AppError): void {
    this.lacks.push(
      new AppError(error.code, `rows last changed over two years ago were refused: ${error.message}`, {
        at: this.#stream,
        status: error.status,
        said: error.said,
        hint: "ask Kustomer for access to the archive, or leave old rows out with --start-date",
      }),
    );
  }

  /** Runs a piece of work on the old rows; where Kustomer refuses them, the rest of the stream goes on. */
  async orLack(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === "incomplete" && this.#list === "busy") {
        this.#list = "none";
        this.lacks.push(error.located(this.#stream));
        return;
      }
      if (![400, 401, 403, 404].includes(error.status ?? 0)) throw error;
      const isDenied = error.status === 401 || error.status === 403;
      const judged = isDenied ? await this.#context.denied(error) : error;
      if (judged.recovery === "stop") throw judged;
      if (this.#list === "busy") this.#list = "none";
      this.#ledger.pieces.remove((piece) => piece.source === "archive");
      if (this.lacks.length === 0) this.#lack(judged);
    }
  }
}
