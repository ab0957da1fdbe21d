/** CHANGELOG.md: one section a version, the newest first, under a heading that is the version alone. */

const HEADING = /^## (\S+).*$/m;

/** The newest version; null for a text without one. */
export function newestVersion(changelog: string): string | null {
  return HEADING.exec(changelog)?.[1] ?? null;
}

/** What a version brought, without its heading; throws where there is no such version, or nothing said of it. */
export function notesOf(changelog: string, version: string): string {
  for (const section of changelog.split(/^(?=## )/m)) {
    if (HEADING.exec(section)?.[1] !== version) continue;
    const notes = section.replace(HEADING, "").trim();
    if (notes !== "") return `${notes}\n`;
  }
  throw new Error(`CHANGELOG.md says nothing of ${version}`);
}

/** Throws unless a tag, package.json and CHANGELOG.md are of one version, which everybody may be given. */
export function checkTag(tag: string, version: string, changelog: string): void {
  // The newest release is what install.sh takes, and GitHub calls one so whatever its name says.
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`${version} is no version for everybody, such as 1.2.3`);
  const newest = newestVersion(changelog);
  if (tag === `v${version}` && newest === version) return;
  throw new Error(`the tag is ${tag}, package.json has ${version}, CHANGELOG.md begins with ${newest}`);
}
