import { resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { LivePolicy } from './live';
import { loadPolicy, POLICY_VARIABLE } from './load';
import type { Policy } from './policy';

const byPath = new Map<string, LivePolicy>();
const byPolicy = new WeakMap<Policy, LivePolicy>();
let first: LivePolicy | undefined;

function fromFile(named: string): LivePolicy {
  const path = resolve(named);
  let live = byPath.get(path);
  if (live === undefined) {
    live = new LivePolicy(loadPolicy(path), path);
    byPath.set(path, live);
  }
  return live;
}

function fixed(policy: Policy): LivePolicy {
  let live = byPolicy.get(policy);
  if (live === undefined) {
    live = new LivePolicy(policy);
    byPolicy.set(policy, live);
  }
  return live;
}

/**
 * The policy to work by: the one handed in, or the file named; else the one that this process already works by, else the
 * file that `BATON_POLICY` names. One file is loaded once a process, so that all parts decide by the same policy.
 *
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`
 */
export function livePolicy(policy?: string | Policy): LivePolicy {
  if (policy === undefined && first !== undefined) return first;
  const named = policy ?? process.env[POLICY_VARIABLE] ?? '';
  if (named === '') {
    throw new BatonError(
      'policy_missing',
      `No policy is named. Set ${POLICY_VARIABLE} (in web.config: <appSettings>) to the policy file's path, or pass the option "policy".`,
    );
  }
  const live = typeof named === 'string' ? fromFile(named) : fixed(named);
  first ??= live;
  return live;
}

/**
 * The same as a policy that stays as it is: for Lambda functions, whose files do not change while they run.
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`
 */
export function resolvePolicy(policy?: string | Policy): Policy {
  return livePolicy(policy).current;
}
