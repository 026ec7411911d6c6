import { findingsOf } from '../../policy/findings';
import { findingText } from '../../policy/finding-text';
import type { Rule } from '../rule';
import { atPointer } from '../located';

export const policySuspect: Rule = {
  code: 'policy-suspect',
  severity: 'warning',
  title: 'The policy says something that is probably a mistake',
  check({ policy }) {
    if (policy?.document === undefined) return [];
    return findingsOf(policy.document)
      .filter(({ level }) => level === 'warning')
      .map((finding) => ({
        place: atPointer(policy.data, finding.pointer).place,
        message: `${finding.pointer}: ${findingText(finding)}.`,
        fix: 'Change the policy, or leave the rule out (--ignore policy-suspect) where it is meant so. "npx baton policy check" shows the same and more.',
      }));
  },
};
