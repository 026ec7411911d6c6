import type { Rule } from '../rule';

export const policyMissing: Rule = {
  code: 'policy-missing',
  severity: 'error',
  title: 'The policy that web.config names is not there',
  check({ missingPolicy }) {
    const { place, named, folderIsThere } = missingPolicy ?? {};
    if (place === undefined || folderIsThere !== true) return [];
    return [
      {
        place,
        message: `BATON_POLICY names ${named ?? ''}, and its folder holds no such file: the app stops at its start (policy_missing).`,
        fix: 'Put the policy there, or write its name as it is. The path is relative to the folder of web.config.',
      },
    ];
  },
};
