/**
 * A condition on the rows of a stream that a user wrote in SQL. It is one expression and nothing beside: it cannot end
 * the statement that it becomes a part of, nor the brackets around it. What it could do else, the file's being open
 * to read alone does not let it.
 */
import { type Database, SQLiteError } from "bun:sqlite";
import { AppError } from "../lib/errors.ts";
import type { Stream } from "../streams/define.ts";
import { quote } from "./identifier.ts";

/** The condition as it stands in a statement: on lines of its own, so that a comment at its end ends there. */
export function conditionSql(condition: string): string {
  return `(\n${condition}\n)`;
}

/** Whatever is wrong with the file itself has other codes. */
const OF_CONDITION: ReadonlySet<string> = new Set([
  "SQLITE_ERROR",
  "SQLITE_MISMATCH",
  "SQLITE_READONLY",
  "SQLITE_TOOBIG",
]);

/** Throws `usage`, with SQLite's words, for what is no expression over the columns of a stream's table. */
export function checkCondition(db: Database, stream: Stream, condition: string): void {
  onCondition(stream, () => {
    // What closes a bracket that it did not open is wrong in the first, and whatever else is no expression in the second.
    const forms = [
      `SELECT CASE WHEN\n${condition}\nTHEN 1 END FROM ${quote(stream.name)}`,
      `SELECT 1 FROM ${quote(stream.name)} WHERE ${conditionSql(condition)}`,
    ];
    for (const sql of forms) {
      const statement = db.prepare(sql);
      const { paramsCount } = statement;
      statement.finalize();
      if (paramsCount > 0) throw refused(stream, "it has a parameter, and nothing to put there");
    }
  });
}

/** Runs something that evaluates the condition; what SQLite then says of it comes out as `usage`. */
export function onCondition<T>(stream: Stream, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SQLiteError) || !OF_CONDITION.has(error.code ?? "")) throw error;
    throw refused(stream, `SQLite says: ${error.message}`);
  }
}

function refused({ name }: Stream, why: string): AppError {
  return new AppError("usage", `the condition is not one that can be asked of its rows: ${why}`, {
    at: name,
    hint: `give one SQL expression, such as "created_at >= '2026-01-01'"; kustomer-sync streams ${name} lists the columns`,
  });
}
