/** A JSON:API resource as Kustomer sends it, whole and unchanged: one row of a stream. */

export type Resource = {
  readonly id: string;
  readonly type?: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly relationships?: unknown;
  readonly links?: unknown;
  /** Any other member Kustomer may send beside these (`meta`, say) is kept too. */
  readonly [member: string]: unknown;
};
