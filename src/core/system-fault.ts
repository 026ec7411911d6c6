/** What Windows and POSIX systems say of files most often; the code alone tells an administrator little. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'access is denied',
  EBUSY: 'another program uses it',
  EEXIST: 'it exists already',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  EPERM: 'access is denied',
  EROFS: 'the disk cannot be written to',
};

/**
 * What the system said, for messages: `ENOENT: no such file or folder`. Node's own words repeat the path, which the message
 * that this stands in names already.
 */
export function systemFault(thrown: unknown): string {
  const { code, message } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string') return message ?? 'unknown error';
  const words = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
  return words === undefined ? code : `${code}: ${words}`;
}
