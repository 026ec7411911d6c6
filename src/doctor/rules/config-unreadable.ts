import type { Rule } from '../rule';

/** What a file that is like this does, where that is known. */
function consequence(file: string): string {
  return /(?:^|\/)web\.config$/i.test(file) ? ' While it is like this, IIS answers every request with 500.19.' : '';
}

export const configUnreadable: Rule = {
  code: 'config-unreadable',
  severity: 'error',
  title: 'A file cannot be understood, so nothing in it was examined',
  check: ({ broken }) =>
    broken.map(({ place, message }) => ({
      place,
      message: `${message.replace(/[.:!]?$/, '.')}${consequence(place.file)} Nothing else in the file could be examined.`,
      fix: 'Repair the line, then run baton doctor again.',
    })),
};
