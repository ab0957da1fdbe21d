/**
 * Whether a request to the sandbox's own endpoints comes from this machine's programs, or from a web page that a
 * browser has open: a page may send simple requests to any address, and a name that resolves to this one.
 */
import type { IncomingHttpHeaders } from "node:http";

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** True where the request names this machine as its host, and no page of another origin has sent it. */
export function isFromHere(headers: IncomingHttpHeaders): boolean {
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"] ?? "none";
  if (!LOOPBACK.test(host) || (site !== "none" && site !== "same-origin")) return false;
  return origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
}
