import type { Project } from './project';
import { hasFlag, lastValue, serverSections } from './server-sections';

/** What keeps requests from IIS that do not come from the gateway, in words; undefined where its files name nothing. */
export function originLock(project: Pick<Project, 'applicationHost' | 'site'>): string | undefined {
  const unlisted = lastValue(serverSections(project, 'security', 'ipSecurity'), 'allowUnlisted');
  if (unlisted?.toLowerCase() === 'false') return 'the list of addresses in ipSecurity';
  const flags = lastValue(serverSections(project, 'security', 'access'), 'sslFlags');
  return hasFlag(flags, /^SslRequireCert$/i) ? 'the client certificate that IIS asks for' : undefined;
}
