/**
 * Where the API is. Exactly one way of naming it is used, the key travels over https only (http on loopback
 * excepted, for the sandbox and for tunnels), and whatever is wrong is said before any request is made.
 */
import { AppError } from "../lib/errors.ts";

/** https://developer.kustomer.com/docs/get-started/regions-and-base-urls */
const REGION_HOSTS = {
  us: "api.kustomerapp.com",
  eu: "api.prod2.kustomerapp.com",
  in: "api.prod4.kustomerapp.com",
} as const;

export type Region = keyof typeof REGION_HOSTS;

export type HostChoice = {
  /** The subdomain people sign in at: `acme` of `acme.kustomerapp.com`. */
  org?: string | undefined;
  region?: string | undefined;
  apiUrl?: string | undefined;
};

const CHOICES = "--org NAME (the NAME of NAME.kustomerapp.com), --region us|eu|in, or --api-url URL";
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A pasted address: `acme.kustomerapp.com`, `https://acme.api.kustomerapp.com/v1`, `acme.prod2.kustomerapp.com/app`. */
const PASTED = /^(?:https?:\/\/)?([^./@]+)(?:\.api)?(?:\.prod\d+)?\.kustomerapp\.com(?:[:/?#].*)?$/;

/** The base URL without a trailing slash; an empty choice counts as not given. Throws `usage`. */
export function resolveBaseUrl(choice: HostChoice): string {
  const { org, region, apiUrl } = choice;
  const given = [org && "--org", region && "--region", apiUrl && "--api-url"].filter(Boolean);
  if (given.length > 1) {
    throw new AppError("usage", `${given.join(" and ")} were given, and each names the API on its own`, {
      hint: `use one of ${CHOICES}`,
    });
  }
  if (org) return `https://${orgLabel(org)}.api.kustomerapp.com`;
  if (region) return `https://${regionHost(region)}`;
  if (apiUrl) return checkedUrl(apiUrl);
  throw new AppError("usage", "which Kustomer account to read was not given", { hint: `use ${CHOICES}` });
}

/** True for an http(s) URL whose host is this machine: 127.0.0.0/8, [::1] or localhost. */
export function isLoopback(url: URL): boolean {
  return (
    /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === "[::1]" || url.hostname === "localhost"
  );
}

function orgLabel(org: string): string {
  const text = org.trim().toLowerCase();
  const label = PASTED.exec(text)?.[1] ?? text;
  if (label === "api") {
    throw new AppError("usage", `--org: "${org}" is the host of a region, not of an organisation`, {
      hint: "use --region us|eu|in, or --org with the name you sign in at",
    });
  }
  if (!LABEL.test(label)) {
    // Longer than any name, it could be the key, given in the wrong place.
    const shown = org.length > 63 ? "what was given" : `"${org}"`;
    throw new AppError("usage", `--org: ${shown} is not the name of an organisation`, {
      hint: "give the NAME of NAME.kustomerapp.com, or a whole address with --api-url",
    });
  }
  return label;
}

function regionHost(region: string): string {
  const name = region.trim().toLowerCase();
  if (Object.hasOwn(REGION_HOSTS, name)) return REGION_HOSTS[name as Region];
  throw new AppError("usage", `--region: "${region}" is not one of us, eu, in`, {
    hint: "use --region us|eu|in, or --org NAME, which finds its region by itself",
  });
}

/** Messages here never repeat the URL before it is known to hold no password. */
function checkedUrl(text: string): string {
  const url = absoluteUrl(text.trim());
  if (url === null) {
    throw new AppError("usage", "--api-url: not an absolute URL", { hint: "give it whole: https://HOST" });
  }
  if (url.username !== "" || url.password !== "") {
    throw new AppError("usage", "--api-url: a URL with a user name or password is refused", {
      hint: "leave them out; the API key goes into KUSTOMER_API_KEY or --api-key-file",
    });
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    throw new AppError(
      "usage",
      `--api-url: ${url.protocol}// would carry the key unprotected to ${url.host}`,
      {
        hint: "use https; http is for 127.0.0.1, [::1] and localhost only",
      },
    );
  }
  if (/[?#]/.test(text)) {
    throw new AppError("usage", "--api-url: a URL with a query or a fragment is refused", {
      hint: `use ${url.origin}${trimmedPath(url)}`,
    });
  }
  return `${url.origin}${trimmedPath(url)}`;
}

/** An address of this machine may leave out its `http://`: nothing else can be meant. */
function absoluteUrl(text: string): URL | null {
  const isBare = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:[/?#]|$)/i.test(text);
  const whole = isBare ? `http://${text}` : text;
  // `localhost:abc` would be a URL of the scheme `localhost`.
  return whole.includes("://") ? URL.parse(whole) : null;
}

function trimmedPath(url: URL): string {
  return url.pathname.replace(/\/+$/, "");
}
