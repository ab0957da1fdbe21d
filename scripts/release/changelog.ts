/** CHANGELOG.md: one section a version, the newest first, under a heading that is the version alone. */

const HEADING = /^## (\S+).*$/m;

/** The newest version; null for a text without one. */
export function newestVersion(changelog: string): string | null {
  return HEADING.exec(changelog)?.[1] ?? null;
}

/** What a version brought, without its heading; throws where there is no such version. */
export function notesOf(changelog: string, version: string): string {
  for (const section of changelog.split(/^(?=## )/m)) {
    if (HEADING.exec(section)?.[1] === version) return `${section.replace(HEADING, "").trim()}\n`;
  }
  throw new Error(`CHANGELOG.md says nothing of ${version}`);
}

/** Throws unless a tag, package.json and CHANGELOG.md are of one version. */
export function checkTag(tag: string, version: string, changelog: string): void {
  const newest = newestVersion(changelog);
  if (tag === `v${version}` && newest === version) return;
  throw new Error(`the tag is ${tag}, package.json has ${version}, CHANGELOG.md begins with ${newest}`);
}
