import type { Rule } from '../rule';
import { atPointer } from '../located';
import { originLock } from '../origin-lock';

export const edgeUnsigned: Rule = {
  code: 'edge-unsigned',
  severity: 'error',
  title: 'The app believes a header that nobody signed',
  check(project) {
    const { policy } = project;
    const edge = policy?.document?.edge;
    if (policy === undefined || edge?.profile !== 'unsigned') return [];
    const lock = originLock(project);
    return [
      {
        place: atPointer(policy.data, '/edge/profile').place,
        ...(lock !== undefined && { severity: 'info' as const }),
        message:
          lock === undefined
            ? `Who sends ${edge.header} is whoever it says. Nothing here keeps callers from sending it to IIS themselves.`
            : `Who sends ${edge.header} is whoever it says. All that stands before that is ${lock}.`,
        fix: 'An edge that signs: "profile": "txn-token", or the one of your proxy (docs/edges.md). Until then let nobody but the proxy reach the site: <ipSecurity allowUnlisted="false"> with its addresses, and a proxy that overwrites the header.',
      },
    ];
  },
};
