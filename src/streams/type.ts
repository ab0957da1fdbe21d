/** Which rows are a stream's own, by the `type` that Kustomer gives them: a table holds no others. */
import type { Stream } from "./define.ts";

/** True for a stream's type (`kobject`), one of its kinds (`kobject.order`), or the stream's name (`kobjects`). */
export function isTypeOf(stream: Pick<Stream, "name" | "type">, type: string): boolean {
  return type === stream.type || type === stream.name || type.startsWith(`${stream.type}.`);
}
