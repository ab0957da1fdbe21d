import { describe, expect, test } from "bun:test";
import { type HostChoice, resolveBaseUrl } from "../../src/kustomer/host.ts";
import { AppError, renderError } from "../../src/lib/errors.ts";

function refusal(choice: HostChoice): AppError {
  try {
    resolveBaseUrl(choice);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(choice)} was accepted`);
}

test.each<[HostChoice, string]>([
  [{ org: "acme" }, "https://acme.api.kustomerapp.com"],
  [{ org: " Acme-2 " }, "https://acme-2.api.kustomerapp.com"],
  [{ org: "acme.kustomerapp.com" }, "https://acme.api.kustomerapp.com"],
  [{ org: "https://acme.kustomerapp.com/app/customers" }, "https://acme.api.kustomerapp.com"],
  [{ org: "https://acme.api.kustomerapp.com/v1" }, "https://acme.api.kustomerapp.com"],
  [{ org: "acme.prod2.kustomerapp.com" }, "https://acme.api.kustomerapp.com"],
  [{ org: "acme", region: "", apiUrl: undefined }, "https://acme.api.kustomerapp.com"],
  [{ region: "us" }, "https://api.kustomerapp.com"],
  [{ region: "EU" }, "https://api.prod2.kustomerapp.com"],
  [{ region: "in" }, "https://api.prod4.kustomerapp.com"],
  [{ apiUrl: "https://example.com" }, "https://example.com"],
  [{ apiUrl: "https://example.com/" }, "https://example.com"],
  [{ apiUrl: "https://example.com:8443/a/b//" }, "https://example.com:8443/a/b"],
  [{ apiUrl: "http://127.0.0.1:3000" }, "http://127.0.0.1:3000"],
  [{ apiUrl: "http://127.9.9.9:3000/x/" }, "http://127.9.9.9:3000/x"],
  [{ apiUrl: "http://[::1]:3000" }, "http://[::1]:3000"],
  [{ apiUrl: "http://localhost:3000" }, "http://localhost:3000"],
  [{ apiUrl: "localhost:3000" }, "http://localhost:3000"],
  [{ apiUrl: " LOCALHOST:3000/v/ " }, "http://localhost:3000/v"],
  [{ apiUrl: "127.0.0.1:8787" }, "http://127.0.0.1:8787"],
  [{ apiUrl: "[::1]:8787" }, "http://[::1]:8787"],
])("%p is %s", (choice, baseUrl) => {
  expect(resolveBaseUrl(choice)).toBe(baseUrl);
});

describe("refused", () => {
  test.each<[HostChoice, RegExp]>([
    [{}, /not given/],
    [{ org: "", region: "", apiUrl: "" }, /not given/],
    [{ org: "acme", region: "us" }, /--org and --region were given/],
    [{ org: "acme", region: "us", apiUrl: "https://x.example" }, /--org and --region and --api-url/],
    [{ org: "acme/evil.example" }, /not the name of an organisation/],
    [{ org: "acme.evil.example" }, /not the name/],
    [{ org: "acme.kustomerapp.com.evil.example" }, /not the name/],
    [{ org: "evil.example/.kustomerapp.com" }, /not the name/],
    [{ org: "a@b" }, /not the name/],
    [{ org: "-acme" }, /not the name/],
    [{ org: "a".repeat(64) }, /not the name/],
    [{ org: "api" }, /host of a region/],
    [{ org: "https://api.prod2.kustomerapp.com" }, /host of a region/],
    [{ region: "uk" }, /not one of us, eu, in/],
    [{ region: "toString" }, /not one of us, eu, in/],
    [{ apiUrl: "acme" }, /not an absolute URL/],
    [{ apiUrl: "http://example.com" }, /unprotected/],
    [{ apiUrl: "127.0.0.1.example.com" }, /not an absolute URL/],
    [{ apiUrl: "localhost.example.com:80" }, /not an absolute URL/],
    [{ apiUrl: "localhost:8787?x=1" }, /query or a fragment/],
    [{ apiUrl: "http://127.0.0.1.example.com" }, /unprotected/],
    [{ apiUrl: "http://localhost.example.com" }, /unprotected/],
    [{ apiUrl: "ftp://127.0.0.1" }, /unprotected/],
    [{ apiUrl: "file:///etc/passwd" }, /unprotected/],
    [{ apiUrl: "https://example.com?x=1" }, /query/],
    [{ apiUrl: "https://example.com/#x" }, /query or a fragment/],
    [{ apiUrl: "https://example.com/?" }, /query/],
  ])("%p", (choice, message) => {
    const error = refusal(choice);
    expect(error.code).toBe("usage");
    expect(error.message).toMatch(message);
    expect(error.hint).toBeString();
  });

  test("a URL with a password, which is not shown", () => {
    const error = refusal({ apiUrl: "https://user:hunter2@example.com?x" });
    expect(error.code).toBe("usage");
    expect(renderError(error)).not.toContain("hunter2");
  });

  test("no choice at all names them all", () => {
    for (const choice of ["--org", "--region us|eu|in", "--api-url"])
      expect(refusal({}).hint).toContain(choice);
  });
});
