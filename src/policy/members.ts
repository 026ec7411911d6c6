import type { Problem } from '../core/errors';
import { unknownName } from '../core/options';
import type { PolicyDocument } from './document';
import { edgeProvider } from './edge-document';
import { step } from './shape';

/** `windows:` stands for IIS's own sign-in, which is no entry of `identityProviders`. */
const BUILT_IN_PROVIDERS = ['windows'];

/** What a provider's raw values become: policy names by `provider:value`. */
export type MemberIndex = ReadonlyMap<string, readonly string[]>;

/** Whose values and subjects the policy can name: the identity providers', and those of an edge that speaks for itself. */
function providersOf({ identityProviders = {}, edge }: PolicyDocument): string[] {
  const ofEdge = edgeProvider(edge);
  const names = Object.keys(identityProviders);
  return ofEdge === undefined || BUILT_IN_PROVIDERS.includes(ofEdge) ? names : [...names, ofEdge];
}

/** Every name that can stand before the colon of a member. */
export function policyProviders(document: PolicyDocument): readonly string[] {
  return [...new Set([...providersOf(document), ...BUILT_IN_PROVIDERS])];
}

function indexMembers(
  section: 'roles' | 'actors',
  entries: Readonly<Record<string, { readonly members?: readonly string[] }>>,
  providers: readonly string[],
  problems: Problem[],
): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const [name, { members = [] }] of Object.entries(entries)) {
    members.forEach((member, position) => {
      const provider = member.slice(0, member.indexOf(':'));
      if (!providers.includes(provider) && !BUILT_IN_PROVIDERS.includes(provider)) {
        const pointer = step(step(step(`/${section}`, name), 'members'), position);
        problems.push({
          pointer,
          message: `identity provider ${unknownName(provider, [...providers, ...BUILT_IN_PROVIDERS])}`,
        });
      }
      index.set(member, [...(index.get(member) ?? []), name]);
    });
  }
  return index;
}

/** Which roles a provider's value gives. */
export function indexRoleMembers(document: PolicyDocument, problems: Problem[]): MemberIndex {
  const providers = providersOf(document);
  for (const name of providers.filter((provider) => BUILT_IN_PROVIDERS.includes(provider))) {
    const message = `must have another name: "${name}" stands for the sign-in of IIS itself`;
    problems.push({ pointer: step('/identityProviders', name), message });
  }
  return indexMembers('roles', document.roles, providers, problems);
}

/**
 * Which actor a provider's value is. An actor without `members` is known by its own name, which is only clear while
 * there is one provider: two providers' equal names must never meet.
 */
export function indexActorMembers(document: PolicyDocument, problems: Problem[]): MemberIndex {
  const providers = providersOf(document);
  const actors = document.actors ?? {};
  const index = indexMembers('actors', actors, providers, problems);
  for (const [name, { members }] of Object.entries(actors)) {
    if (members !== undefined) continue;
    if (providers.length > 1) {
      const message = 'is missing: with several identity providers, say whose party the actor is';
      problems.push({ pointer: step(step('/actors', name), 'members'), message });
    }
    for (const provider of providers) index.set(`${provider}:${name}`, [name]);
  }
  for (const [member, names] of index) {
    if (names.length > 1) {
      problems.push({ pointer: '/actors', message: `${member} is a member of several actors: ${names.join(', ')}` });
    }
  }
  return index;
}
