import type { Site } from './site';

/** The entries of `promoteServerVars` as iisnode reads them: split at commas, blanks kept. */
export function promotedNames(site: Site): readonly string[] {
  return site.iisnode.promoteServerVars.value.split(',').filter((name) => name !== '');
}

/** Variables that name the caller: an app believes them. */
export const NAMES_A_USER = /^(?:AUTH_|LOGON_USER|REMOTE_USER|CERT_|UNMAPPED_REMOTE_USER)/i;
