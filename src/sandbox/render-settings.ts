/** Users, teams, tags and shortcuts. Their ids appear in the other rows; their names change with their revision. */
import type { Resource } from "../lib/resource.ts";
import { formatTime } from "../lib/time.ts";
import { authors, times, toUser } from "./links.ts";
import { TOPICS } from "./phrases.ts";
import { ENGLISH } from "./phrases-english.ts";
import { hash, Random } from "./random.ts";
import { SHOP, SHORTCUT_NAMES, TAGS, TEAMS } from "./shop-data.ts";
import type { Table } from "./table.ts";
import { userName } from "./traits.ts";
import type { World } from "./world.ts";

export function renderUser(world: World, row: number): Resource {
  const table = world.tables.users;
  const id = table.id(row);
  const machine = row < world.machines;
  const invited = world.invited.has(row);
  const name = userName(world, row);
  const mail = `${name
    .normalize("NFD")
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", ".")
    .toLowerCase()}@${machine ? `machine.${SHOP.domain}` : SHOP.domain}`;
  const created = formatTime(table.created[row]!);
  const verified = { emailVerifiedAt: created, firstEmailVerifiedAt: created, isEmailValid: true };
  const renamed = table.rev[row]! > 1 ? ` (${table.rev[row]})` : "";
  const { deletedBy: _, ...relationships } = authors(world, table, row);
  return {
    type: "user",
    id,
    attributes: {
      displayName: `${name}${renamed}`,
      name,
      userType: machine ? "machine" : row % 13 === 5 ? "limited" : "user",
      email: mail,
      ...(machine ? {} : invited ? { emailVerifiedAt: null } : verified),
      mobile: null,
      emailSignature: machine ? null : `<p>${name}<br>${SHOP.name}</p>`,
      ...(machine || invited ? {} : { avatarUrl: `https://avatars.example.com/${id}.png` }),
      password: { allowNew: false, forceNew: false, updatedAt: created },
      roles: machine ? ["org.permission.customer.read", "org.permission.search.create"] : ["org.user"],
      roleGroups: [],
      ...(machine || invited
        ? {}
        : { firstLoginAt: created, mostRecentLoginAt: formatTime(table.updated[row]!) }),
      ...times(table, row),
      // Some deactivated users carry no time of it; all are known by the listing they come from.
      ...(table.deleted[row] !== 0 && row % 3 !== 0 ? { deletedAt: formatTime(table.deleted[row]!) } : {}),
    },
    relationships,
    links: { self: `/v1/users/${id}` },
  };
}

export function renderTeam(world: World, row: number): Resource {
  const table = world.tables.teams;
  const team = TEAMS[row % TEAMS.length]!;
  return settings(world, table, row, "team", {
    icon: team.icon,
    name: row < TEAMS.length ? team.name : `${team.name}-${row}`,
    displayName: team.title,
    members: members(world, row).map((user) => world.tables.users.id(user)),
    roleGroups: [],
  });
}

/** Each revision of a team lets one user in, or out. */
function members(world: World, team: number): number[] {
  const { salt, rev } = world.tables.teams;
  const humans = world.planned.users - world.machines;
  const all = new Set<number>();
  for (let user = 0; user < humans; user++) {
    if (hash(salt, team, 50, user) % 4 === 0) all.add(world.machines + user);
  }
  for (let revision = 2; revision <= rev[team]!; revision++) {
    const user = world.machines + (hash(salt, team, 51, revision) % humans);
    if (!all.delete(user)) all.add(user);
  }
  return [...all];
}

export function renderTag(world: World, row: number): Resource {
  const table = world.tables.tags;
  const color = hash(table.salt, row, 52) % 0x100_0000;
  const name = row < TAGS.length ? TAGS[row]! : `tag-${row}`;
  return settings(world, table, row, "tag", {
    name: table.rev[row]! > 1 ? `${name}-${table.rev[row]}` : name,
    color: row % 7 === 3 ? null : `#${color.toString(16).padStart(6, "0")}`,
  });
}

export function renderShortcut(world: World, row: number): Resource {
  const table = world.tables.shortcuts;
  const random = new Random(hash(table.salt, row, 40));
  const text = `${random.pick(ENGLISH.hello)} ${random.pick(ENGLISH[random.pick(TOPICS)].replies)}`;
  const blocks = [
    { key: "a1b2c", text, type: "unstyled", depth: 0, inlineStyleRanges: [], entityRanges: [], data: {} },
  ];
  const tag = world.tables.tags.id(row % world.planned.tags);
  const resource = settings(world, table, row, "shortcut", {
    name: `${SHORTCUT_NAMES[row % SHORTCUT_NAMES.length]}${table.rev[row]! > 1 ? ` v${table.rev[row]}` : ""}`,
    draft: { text },
    conversation: random.chance(0.3) ? { tags: { operator: "add", value: [tag] } } : { custom: {} },
    payload: { text: { blocks, entityMap: {} } },
    isPrivate: random.chance(0.1),
    appDisabled: false,
    rev: table.rev[row],
  });
  return {
    ...resource,
    relationships: {
      ...(resource.relationships as object),
      parent: { data: null },
      accessUsers: [],
      accessTeams: [],
      attachments: { links: { self: `/v1/shortcuts/${table.id(row)}/attachments` }, data: [] },
    },
  };
}

function settings(
  world: World,
  table: Table,
  row: number,
  type: string,
  attributes: Record<string, unknown>,
): Resource {
  const id = table.id(row);
  const at = table.deleted[row]!;
  return {
    type,
    id,
    attributes: {
      ...attributes,
      ...times(table, row),
      deleted: at !== 0,
      ...(at === 0 ? {} : { deletedAt: formatTime(at) }),
    },
    relationships: { ...authors(world, table, row), createdBy: toUser(world, row % world.planned.users) },
    links: { self: `/v1/${table.stream}/${id}` },
  };
}
