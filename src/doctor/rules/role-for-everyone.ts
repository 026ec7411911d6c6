import type { Report } from '../finding';
import type { Rule } from '../rule';
import { Located } from '../located';

/** Groups that Windows and directories put everybody into: Everyone, Authenticated Users, Users, Domain Users. */
const EVERYBODY =
  /^(?:(?:.*\\)?(?:everyone|authenticated users|domain users)|BUILTIN\\users|S-1-1-0|S-1-5-11|S-1-5-32-545|S-1-5-21(?:-\d+){3}-513)$/i;

export const roleForEveryone: Rule = {
  code: 'role-for-everyone',
  severity: 'warning',
  title: 'A role goes to everybody',
  check({ policy }) {
    if (policy?.document === undefined) return [];
    return Object.entries(policy.document.roles).flatMap(([role, { members = [] }]) =>
      members.flatMap((member, index): Report[] => {
        const value = member.slice(member.indexOf(':') + 1);
        const wildcard = value.includes('*');
        if (!wildcard && !EVERYBODY.test(value)) return [];
        return [
          {
            place: Located.rootOf(policy.data).at('roles', role, 'members', index).place,
            message: wildcard
              ? `The role "${role}" has the member ${member}. There are no wildcards: it means somebody for whom the provider says "${value}", to the letter, and nobody else.`
              : `The role "${role}" has the member ${member}, a group that the directory puts everybody into: new accounts, guests and service accounts have the role without anybody deciding so.`,
            fix: `A group or app role that somebody assigns: "members": ["${member.slice(0, member.indexOf(':'))}:Invoices.Reader"]. What everybody who signs in may do needs no role: "authenticated": true.`,
          },
        ];
      }),
    );
  },
};
