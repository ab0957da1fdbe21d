/** The ways of reading, by the name that a stream's `read.by` has. To add one: its file, and a line here. */
import type { Stream } from "../../streams/define.ts";
import { readByList } from "./list.ts";
import { readBySearch } from "./search.ts";
import type { Way } from "./way.ts";

/** How a stream is read; nothing else asks for its `read.by`. */
export function wayOf({ read }: Pick<Stream, "read">): Way {
  switch (read.by) {
    case "search":
      return readBySearch(read);
    case "list":
      return readByList(read);
  }
}
