import type { Rule } from '../rule';

export const configUnreadable: Rule = {
  code: 'config-unreadable',
  severity: 'error',
  title: 'A file cannot be understood, so nothing in it was examined',
  check: ({ broken }) =>
    broken.map(({ place, message }) => ({
      place,
      message: `${message} IIS answers every request with 500.19 while web.config is like this; here nothing else in the file could be examined.`,
      fix: 'Repair the line, then run baton doctor again.',
    })),
};
