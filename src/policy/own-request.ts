import type { Identity } from '../core/identity';
import type { Policy } from './policy';

/** Whose request it is, or who decides it: as identities and the claims of tokens name them. */
export type Party = Pick<Identity, 'subject' | 'actor'>;

/** What a subject goes by: an application that acts for others has a name in the policy besides its own subject. */
function namesOf({ actorOf }: Pick<Policy, 'actorOf'>, subject: string): readonly string[] {
  const colon = subject.indexOf(':');
  const actor = colon < 0 ? undefined : actorOf(subject.slice(0, colon), subject.slice(colon + 1));
  return actor === undefined ? [subject] : [subject, actor];
}

/** The subject, and all who act for it. */
function everybodyIn(policy: Pick<Policy, 'actorOf'>, { subject, actor }: Party): ReadonlySet<string> {
  const names = [...namesOf(policy, subject)];
  for (let one = actor; one !== undefined; one = one.actor) names.push(...namesOf(policy, one.subject));
  return new Set(names);
}

/**
 * Whether somebody would decide a request of their own: who decides is who asked, or acted for who asked; or who asked acts
 * for who decides. That one service acts for both is no such thing: what it may do, `actors` of the policy says.
 */
export function isOwnRequest(policy: Pick<Policy, 'actorOf'>, asking: Party, deciding: Party): boolean {
  const asked = everybodyIn(policy, asking);
  const decides = everybodyIn(policy, deciding);
  return (
    namesOf(policy, deciding.subject).some((name) => asked.has(name)) ||
    namesOf(policy, asking.subject).some((name) => decides.has(name))
  );
}
