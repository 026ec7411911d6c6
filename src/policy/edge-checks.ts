import type { Problem } from '../core/errors';
import type { PolicyDocument } from './document';
import { edgeProvider } from './edge-document';
import { windowsAccount } from './windows-account';
import { step } from './shape';

const WINDOWS = 'windows:';

type Entries = Readonly<Record<string, { readonly members?: readonly string[] }>>;

/** Windows takes no notice of letter case; a rule, above all one that denies, must not depend on it. */
function checkWindowsMembers(section: string, entries: Entries, problems: Problem[]): void {
  for (const [name, { members = [] }] of Object.entries(entries)) {
    members.forEach((member, index) => {
      if (!member.startsWith(WINDOWS)) return;
      const account = windowsAccount(member.slice(WINDOWS.length));
      const meant = account && `${WINDOWS}${account.name}`;
      if (member === meant) return;
      const pointer = step(step(step(section, name), 'members'), index);
      problems.push({ pointer, message: `must be written ${JSON.stringify(meant ?? 'windows:DOMAIN\\user')}` });
    });
  }
}

/** What the edge asks of the rest of the policy. */
export function checkEdge(document: PolicyDocument, problems: Problem[]): void {
  const { edge, identityProviders = {} } = document;
  if (edge.profile === 'oidc' && Object.keys(identityProviders).length === 0) {
    problems.push({ pointer: '/identityProviders', message: 'is missing: the profile "oidc" would refuse everybody' });
  }
  const provider = edgeProvider(edge);
  if (provider !== undefined && Object.hasOwn(identityProviders, provider)) {
    const message = `is an identity provider with tokens of its own; call "${provider}" something else for the edge`;
    problems.push({ pointer: '/edge/provider', message });
  }
  if (provider === 'windows' && edge.profile !== 'windows')
    problems.push({
      pointer: '/edge/provider',
      message: 'must have another name: "windows" is the sign-in of IIS itself',
    });
  if ((edge.profile === 'aws-alb' || edge.profile === 'aws-verified-access') && edge.keys === undefined) {
    const known = edge.profile === 'aws-alb' ? /^arn:aws(-us-gov)?:/ : /^arn:aws:/;
    if (!known.test(edge.signer))
      problems.push({
        pointer: '/edge/keys',
        message: "is missing: where this partition's keys are is not known here",
      });
  }
  checkWindowsMembers('/roles', document.roles, problems);
  checkWindowsMembers('/actors', document.actors ?? {}, problems);
}
