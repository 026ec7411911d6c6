import type { Rule } from '../rule';
import { atPointer } from '../located';

export const requestsUnlisted: Rule = {
  code: 'requests-unlisted',
  severity: 'warning',
  title: 'The policy lets every verified caller send requests that it does not list',
  check({ policy }) {
    const document = policy?.document;
    if (policy === undefined || document === undefined) return [];
    const noRoutes = document.routes === undefined;
    if (!noRoutes && document.unlistedRoutes !== 'authenticated') return [];
    return [
      {
        place: atPointer(policy.data, noRoutes ? '' : '/unlistedRoutes').place,
        message: `${noRoutes ? 'The policy has no "routes"' : '"unlistedRoutes" is "authenticated"'}: whoever has any account at the identity provider may call ${noRoutes ? 'every route' : 'every route that is not listed'}, a new one from the day it is deployed, unless a guard in code asks for more.`,
        fix: '"routes": [ { "method": "GET", "path": "/invoices", "permission": "invoice:read" } ], and no "unlistedRoutes": what is not listed is refused.',
      },
    ];
  },
};
