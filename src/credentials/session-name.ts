import { createHash } from 'node:crypto';
import type { Actor, Identity } from '../core/identity';

/** STS takes 2 to 64 characters of these (API reference, `RoleSessionName`). */
const NOT_IN_NAMES = /[^A-Za-z0-9_=,.@-]+/g;
const MAX_CHARACTERS = 64;
const HASH_CHARACTERS = 16;

/** Those who act for the user, the current one first. */
export function actorChain({ actor }: Pick<Identity, 'actor'>): readonly string[] {
  const chain: string[] = [];
  for (let at: Actor | undefined = actor; at !== undefined; at = at.actor) chain.push(at.subject);
  return chain;
}

/**
 * What CloudTrail calls the session: so much of the user's ID as can be read, and a hash of the whole of it and of who acts
 * for the user, so that two callers never share a name. Of the ID and not of the user's name: CloudTrail keeps it.
 *
 * @example `entra-2f9c1f7e-5a0b-4c55-9b1e-0a7d3c0b5a11-5b0e3c6f1d2a4978`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export function sessionName(user: Pick<Identity, 'subject' | 'actor'>): string {
  const whole = JSON.stringify([user.subject, ...actorChain(user)]);
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_CHARACTERS);
  const readable = user.subject.replace(NOT_IN_NAMES, '-').slice(0, MAX_CHARACTERS - HASH_CHARACTERS - 1);
  return `${readable}-${hash}`;
}
