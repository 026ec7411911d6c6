import type { Problem } from '../core/errors';
import type { IdentityProviderDocument, PolicyDocument } from './document';
import { step } from './shape';

/** What stands for the tenant in the issuer of a provider with many: Microsoft Entra ID writes it so in its metadata. */
const TENANT = '{tenantid}';

/** One issuer of a provider, to the letter. */
export interface ProviderIssuer {
  readonly issuer: string;
  /** The only tenant (`tid`) whose tokens this issuer signs. */
  readonly tenant?: string;
}

/** A provider's issuers: one, or one for each tenant that is allowed. */
export function issuersOf({ issuer, tenants }: IdentityProviderDocument): readonly ProviderIssuer[] {
  if (tenants === undefined) return [{ issuer }];
  return tenants.map((tenant) => ({ issuer: issuer.replace(TENANT, tenant), tenant }));
}

/** The unverified issuer chooses the provider, so it must choose one. */
export function checkIssuers({ identityProviders = {} }: PolicyDocument, problems: Problem[]): void {
  const owners = new Map<string, string>();
  for (const [name, document] of Object.entries(identityProviders)) {
    const pointer = step('/identityProviders', name);
    const hasTemplate = document.issuer.includes(TENANT);
    if (hasTemplate && document.tenants === undefined)
      problems.push({ pointer: step(pointer, 'tenants'), message: `is missing: the issuer has "${TENANT}"` });
    if (!hasTemplate && document.tenants !== undefined)
      problems.push({ pointer: step(pointer, 'issuer'), message: `must have "${TENANT}" where there are tenants` });
    const issuers = new Set(issuersOf(document).map(({ issuer }) => issuer));
    const owner = [...issuers].map((issuer) => owners.get(issuer)).find((other) => other !== undefined);
    if (owner !== undefined) {
      const message = `is the issuer of "${owner}" too; give that one more audiences`;
      problems.push({ pointer: step(pointer, 'issuer'), message });
    }
    for (const issuer of issuers) owners.set(issuer, name);
  }
}
