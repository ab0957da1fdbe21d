/**
 * Who may read what this program writes. It holds customers' data, so that files and folders that it makes are their
 * owner's alone, whatever the umask says; what is replaced keeps the mode that it had. Windows knows no modes.
 */

export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

/** The part of a mode that says who may do what. */
export function permissions(mode: number): number {
  return mode & 0o777;
}
