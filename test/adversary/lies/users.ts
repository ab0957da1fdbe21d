/** Lies of the listings of users: the active, the deactivated, the invited. */
import { current } from "../account.ts";
import type { Ask } from "../ask.ts";
import { emptyAnswer, listed } from "../honest.ts";
import { kindNamed } from "../kinds.ts";
import type { Lie } from "../lie.ts";
import { lie, paged, type Untruth, withNext, withRows } from "./told.ts";

/** The listing of users that has this in its query. */
const variant = (
  name: string,
  of: string,
  about: string,
  tell: NonNullable<Lie["tell"]>,
  more: Untruth = {},
) => lie(`users-${name}`, about, { of: (ask) => ask.by === "list" && ask.variant === of, tell, ...more });

const ofUsers = (ask: Ask) => ask.by === "list" && ask.kind === kindNamed("users");
const plain = (ask: Ask): Ask => ({ ...ask, variant: "" });

export const USERS: readonly Lie[] = [
  ...variant(
    "deleted-ignored",
    "deleted",
    "deleted=true brings the active users",
    (_, ask, { honest }) => honest(plain(ask)),
    { turns: 2 },
  ),
  ...variant(
    "deleted-ignored-ever",
    "deleted",
    "deleted=true brings the active users, always",
    (_, ask, { honest }) => honest(plain(ask)),
    {
      forever: true,
      // Of a deactivated user no listing tells more than that it is not active.
      excuses: (row, how) => current(row).deletedAt !== null && (how === "stale" || how === "missing"),
    },
  ),
  ...variant("deleted-refused", "deleted", "deleted=true is refused with 403", () =>
    emptyAnswer(403, "Forbidden"),
  ),
  ...variant("deleted-wrong", "deleted", "deleted=true is refused with 400", () =>
    emptyAnswer(400, "Bad Request"),
  ),
  ...variant("deleted-empty", "deleted", "deleted=true brings none", (answer) =>
    withNext(withRows(answer, []), null),
  ),
  ...variant(
    "pending-ignored",
    "pending",
    "pending=true brings the active users",
    (_, ask, { honest }) => honest(plain(ask)),
    { turns: 2 },
  ),
  ...variant("pending-refused", "pending", "pending=true is refused with 403", () =>
    emptyAnswer(403, "Forbidden"),
  ),
  ...variant("pending-wrong", "pending", "pending=true is refused with 400", () =>
    emptyAnswer(400, "Bad Request"),
  ),
  ...lie("users-in-both", "active users are in the listing of the deactivated, too", {
    of: ofUsers,
    tell: (answer, ask, { account }) =>
      ask.variant === "deleted"
        ? paged([...listed(account, ask), ...listed(account, plain(ask))], answer, ask)
        : answer,
  }),
  ...lie("users-dead-in-plain", "the plain listing has the deactivated users, too, as what they are", {
    of: ofUsers,
    forever: true,
    tell: (answer, ask, { account }) =>
      ask.variant === ""
        ? paged([...listed(account, ask), ...listed(account, { ...ask, variant: "deleted" })], answer, ask)
        : answer,
  }),
  ...lie("users-move", "a user comes and goes between the two listings", {
    of: ofUsers,
    mishear: (ask, { account, now, random }) => {
      const rows = account.rows(kindNamed("users")).filter(({ purged }) => !purged);
      const row = random.pick(rows);
      account.edit(row, now(), current(row).deletedAt === null);
      return ask;
    },
  }),
  ...lie("users-invited", "those invited are in the listing with pending=true only, always", {
    of: (ask) => ofUsers(ask) && ask.variant === "",
    forever: true,
    tell: (answer, ask, { account }) => {
      const invited = new Set(listed(account, { ...ask, variant: "pending" }));
      return paged(
        listed(account, ask).filter((row) => !invited.has(row)),
        answer,
        ask,
      );
    },
  }),
];
