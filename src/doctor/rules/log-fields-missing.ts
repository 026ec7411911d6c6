import { fieldScript } from '../../iis/log-fields-script';
import { CORRELATION_LOG_FIELDS } from '../../iis/w3c-log';
import { elementsAt, type ConfigElement } from '../../iis/xml-sections';
import type { ApplicationHost } from '../application-host';
import type { Report } from '../finding';
import type { Rule } from '../rule';

/** The longest correlation ID that the app takes. */
export const LONGEST_ID_BYTES = 128;

/** The site's `<logFile>`, and what all sites inherit. */
function logFiles({ site, siteDefaults }: ApplicationHost): readonly ConfigElement[] {
  return [siteDefaults, site].flatMap((scope) => (scope === undefined ? [] : elementsAt(scope, ['logFile'])));
}

function missingFields(files: readonly ConfigElement[]): readonly string[] {
  const given = files
    .flatMap((file) => elementsAt(file, ['customFields', 'add']))
    .map(({ attributes }) =>
      `${attributes.get('sourceType') ?? ''} ${attributes.get('sourceName') ?? ''}`.toLowerCase(),
    );
  return CORRELATION_LOG_FIELDS.filter(
    ({ sourceType, sourceName }) => !given.includes(`${sourceType} ${sourceName}`.toLowerCase()),
  ).map(({ logFieldName }) => logFieldName);
}

const siteName = (site: ConfigElement): string => site.attributes.get('name') ?? '';

/** The lines that add the fields, where the site's name can stand in a script. */
function fieldsFix(site: ConfigElement): string {
  const ask = `npx baton logs field-script --site "${siteName(site)}"`;
  try {
    return `Run as an administrator what "${ask}" prints:\n${fieldScript({ site: siteName(site), format: 'appcmd' })}`;
  } catch {
    return `Run as an administrator what "npx baton logs field-script" prints, with the site's name in it.`;
  }
}

export const logFieldsMissing: Rule = {
  code: 'log-fields-missing',
  severity: 'warning',
  title: 'The log of IIS does not hold the correlation ID',
  check({ applicationHost }) {
    const site = applicationHost?.site;
    if (applicationHost === undefined || site === undefined) return [];
    const { xml } = applicationHost;
    const files = logFiles(applicationHost);
    const own = files.at(-1) ?? site;
    const reports: Report[] = [];
    const format = files.findLast(({ attributes }) => attributes.has('logFormat'));
    const fields = files.flatMap((file) => elementsAt(file, ['customFields']));
    const short = fields.find(
      ({ attributes }) => Number(attributes.get('maxCustomFieldLength') ?? Infinity) < LONGEST_ID_BYTES,
    );
    const missing = missingFields(files);
    if (format !== undefined && format.attributes.get('logFormat') !== 'W3C') {
      reports.push({
        place: xml.place(format, 'logFormat'),
        message: `The site logs in the format ${format.attributes.get('logFormat') ?? ''}, which has no custom fields: its lines cannot be joined with the logs of the app and the gateway.`,
        fix: 'logFormat="W3C"',
      });
    } else if (missing.length > 0) {
      reports.push({
        place: xml.place(own),
        message: `The log of the site "${siteName(site)}" lacks ${missing.join(' and ')}: a line of it cannot be joined with the lines of the app and the gateway for the same request. The request's header is there even where the app never answered; the response's is what the app took.`,
        fix: fieldsFix(site),
      });
    }
    if (short !== undefined) {
      reports.push({
        place: xml.place(short, 'maxCustomFieldLength'),
        message: `IIS cuts custom fields at ${short.attributes.get('maxCustomFieldLength') ?? ''} bytes; a correlation ID may have ${LONGEST_ID_BYTES}.`,
        fix: 'maxCustomFieldLength="4096", the default, or no such attribute',
      });
    }
    return reports;
  },
};
