/** The version of this program; the build replaces `BUILD_VERSION` and `BUILD_COMMIT`. */

declare const BUILD_VERSION: string | undefined;
declare const BUILD_COMMIT: string | undefined;

export const VERSION = typeof BUILD_VERSION === "undefined" ? "0.0.0-dev" : BUILD_VERSION;
export const COMMIT = typeof BUILD_COMMIT === "undefined" ? null : BUILD_COMMIT;
