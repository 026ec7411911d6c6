import type { Project } from './project';

/** Folders of Azure App Service, where its applications and its copies of Node lie. */
const FOLDERS = /^"?(?:[CD]:\\home\\|%home%|D:\\Program Files(?: \(x86\))?\\nodejs)/i;

/**
 * Whether the site is meant for Azure App Service, which sets some things differently from a Windows server: its variables
 * are there, a setting names one of its folders, or the file has the pair of rules that its deployment writes.
 *
 * @see https://learn.microsoft.com/azure/app-service/app-service-web-nodejs-best-practices-and-troubleshoot-guide
 */
export function onAppService({ site, environment }: Project): boolean {
  if (environment.has('WEBSITE_SITE_NAME')) return true;
  if (site === undefined) return false;
  const { nodeProcessCommandLine, logDirectory, interceptor } = site.iisnode;
  if ([nodeProcessCommandLine, logDirectory, interceptor].some(({ value }) => FOLDERS.test(value))) return true;
  const names = site.rewriteRules.map(({ name }) => name);
  return names.includes('StaticContent') && names.includes('DynamicContent');
}
