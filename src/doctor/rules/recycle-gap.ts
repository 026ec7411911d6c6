import type { Rule } from '../rule';
import { poolSetting } from '../server-sections';

export const recycleGap: Rule = {
  code: 'recycle-gap',
  severity: 'warning',
  title: 'Requests fail while the application pool is recycled',
  check({ applicationHost, policy }) {
    if (applicationHost?.site === undefined) return [];
    const overlap = poolSetting(applicationHost, 'recycling', 'disallowOverlappingRotation');
    if (overlap?.value.toLowerCase() !== 'true') return [];
    const edge = policy?.document?.edge;
    // There it is the price of a memory that only one process may have, which another rule is about.
    if (edge?.profile === 'txn-token' && edge.replay === 'reject') return [];
    return [
      {
        place: applicationHost.xml.place(overlap.element, 'disallowOverlappingRotation'),
        message:
          'The old worker process ends before the new one starts: requests that come in between get 503, at every recycle and every change of the configuration.',
        fix: 'disallowOverlappingRotation="false", the default. Two copies of the app then run side by side for a while: give BATON_LOG_FILE and BATON_AUDIT_FILE names that each process makes its own, and share what they remember.',
      },
    ];
  },
};
