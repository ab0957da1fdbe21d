/**
 * From a path to a whole address and back. The result is always on the origin of the base URL and below its
 * path: the key is sent to nothing else, whatever a link in an answer says.
 */
import { AppError } from "../lib/errors.ts";

/** One slash: two, or a backslash, begin another host. */
const PATH = /^\/(?![/\\])/;

export type Query = Readonly<Record<string, string | number | boolean>>;

/** The address of an API path such as `/v1/users?page=2`, under a base URL without trailing slash. */
export function addressOf(baseUrl: string, path: string, query: Query = {}): URL {
  const base = new URL(baseUrl);
  if (!PATH.test(path)) throw new AppError("shape", `"${path}" is not a path of the API`);
  const url = new URL(baseUrl + path);
  if (url.origin !== base.origin || !url.pathname.startsWith(prefixOf(base))) {
    throw new AppError("shape", `"${path}" leads out of ${baseUrl}`);
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

/**
 * The API path that a link in an answer to `from` names, whether it is written as a path, as `?page=2` or
 * as a whole URL. Throws `shape` when it names another origin.
 */
export function pathOfLink(baseUrl: string, link: string, from = "/"): string {
  const base = new URL(baseUrl);
  const prefix = prefixOf(base);
  let url: URL;
  try {
    url = new URL(link, addressOf(baseUrl, from));
  } catch {
    throw new AppError("shape", "its link to the next page is not a URL");
  }
  if (url.origin !== base.origin || url.username !== "" || url.password !== "") {
    throw new AppError("shape", `its link to the next page leads to ${url.host}, not to ${base.host}`);
  }
  const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length - 1) : url.pathname;
  if (!PATH.test(path)) throw new AppError("shape", "its link to the next page is not a path of the API");
  return path + url.search;
}

/** The path of the base URL with one trailing slash; `/` when it has none. */
function prefixOf(base: URL): string {
  return `${base.pathname.replace(/\/+$/, "")}/`;
}
