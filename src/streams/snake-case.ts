/** Turns Kustomer's attribute names into column names, the same way for known columns and for new ones. */

/**
 * `updatedAt` → `updated_at`, `s3DataUrl` → `s3_data_url`, `shopify-orders` → `shopify_orders`. Letters of
 * other scripts stay; every other run of characters becomes one underscore. May return an empty string.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .toLowerCase();
}
