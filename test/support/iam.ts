import type { IamResult } from '../../src/authorizer/result';

/**
 * Evaluates an authorizer's result as API Gateway does: an explicit Deny wins, then any Allow; `*` is any run of
 * characters, slashes too, `?` is one. Letter case counts.
 */
export function iamAllows({ policyDocument }: IamResult, arn: string): boolean {
  const matching = policyDocument.Statement.filter(({ Resource }) => Resource.some((pattern) => matches(pattern, arn)));
  return matching.length > 0 && matching.every(({ Effect }) => Effect === 'Allow');
}

function matches(pattern: string, arn: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(arn);
}
