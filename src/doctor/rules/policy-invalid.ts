import type { Rule } from '../rule';
import { atPointer } from '../located';

export const policyInvalid: Rule = {
  code: 'policy-invalid',
  severity: 'error',
  title: 'The policy has a fault, so the app does not start',
  check({ policy }) {
    if (policy === undefined) return [];
    return policy.problems.map(({ pointer, message }) => ({
      place: atPointer(policy.data, pointer).place,
      message: `${pointer === '' ? 'The policy' : pointer} ${message}${message.endsWith('?') ? '' : '.'} The app stops at its start (policy_invalid); one that runs keeps the policy it has.`,
      fix: 'Repair it, then run "npx baton policy check" on the file: it says everything that is wrong with it.',
    }));
  },
};
