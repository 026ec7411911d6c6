/** Folders that say what kind of log is in them, or which site, and not whose. */
const NO_SERVER =
  /^(?:W3SVC\d+|HTTPERR|FTPSVC\d+|logs?|logfiles|iis|inetpub|app|audit|gateway|functions?|lambda|workflows?)$/i;

/**
 * The server that a file is from, by the folders between what was asked for and the file: the first one that is not a word
 * for a kind of log. `web1/W3SVC1/u_ex261120.log` is from `web1`.
 */
export function serverByFolder(folders: readonly string[]): string | null {
  return folders.find((name) => !NO_SERVER.test(name)) ?? null;
}
