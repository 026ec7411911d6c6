import type { BrokenFile } from '../project';
import type { Rule } from '../rule';

/**
 * What a file that is like this does, where that is known. Another file that could not be read with web.config, such as
 * iisnode.yml, has its place too; the message names that file.
 */
function consequence({ place: { file }, message }: BrokenFile): string {
  const isItself = /(?:^|\/)web\.config$/i.test(file) && message.startsWith(`${file}, line `);
  return isItself ? ' While it is like this, IIS answers every request with 500.19.' : '';
}

export const configUnreadable: Rule = {
  code: 'config-unreadable',
  severity: 'error',
  title: 'A file cannot be understood, so nothing in it was examined',
  check: ({ broken }) =>
    broken.map((one) => ({
      place: one.place,
      message: `${one.message.replace(/[.:!]?$/, '.')}${consequence(one)} Nothing else in the file could be examined.`,
      fix: 'Repair the line, then run baton doctor again.',
    })),
};
