import { elementsAt, type ConfigElement } from '../iis/xml-sections';
import type { ApplicationHost } from './application-host';
import type { Project } from './project';

/**
 * Elements below `<system.webServer>` that count for the site: those of applicationHost.config, for all sites and for this
 * one, then those of web.config.
 */
export function serverSections(
  { applicationHost, site }: Pick<Project, 'applicationHost' | 'site'>,
  ...path: readonly string[]
): readonly ConfigElement[] {
  return [
    ...(applicationHost === undefined ? [] : hostSections(applicationHost, ...path)),
    ...(site?.section(...path) ?? []),
  ];
}

/** Those of applicationHost.config alone. */
export function hostSections({ xml, site }: ApplicationHost, ...path: readonly string[]): readonly ConfigElement[] {
  const name = site?.attributes.get('name')?.toLowerCase();
  const locations = elementsAt(xml.root, ['location']).filter(({ attributes }) => {
    const location = (attributes.get('path') ?? '').replace(/\/$/, '').toLowerCase();
    return location === '' || location === '.' || location === name;
  });
  return [xml.root, ...locations].flatMap((scope) => elementsAt(scope, ['system.webServer', ...path]));
}

/** The last value that an attribute is given. */
export function lastValue(sections: readonly ConfigElement[], attribute: string): string | undefined {
  return sections.findLast(({ attributes }) => attributes.has(attribute))?.attributes.get(attribute);
}

/** Whether a list of flags, such as `sslFlags="Ssl, SslRequireCert"`, holds one of them. */
export function hasFlag(flags: string | undefined, wanted: RegExp): boolean {
  return (flags ?? '').split(/[\s,]+/).some((flag) => wanted.test(flag));
}

/** A setting of the site's application pool: its own, or the one of all pools. */
export function poolSetting(
  { applicationPool, applicationPoolDefaults }: ApplicationHost,
  section: string,
  attribute: string,
): { readonly value: string; readonly element: ConfigElement } | undefined {
  for (const pool of [applicationPool, applicationPoolDefaults]) {
    const element = pool && elementsAt(pool, [section]).find(({ attributes }) => attributes.has(attribute));
    const value = element?.attributes.get(attribute);
    if (element !== undefined && value !== undefined) return { value, element };
  }
  return undefined;
}
