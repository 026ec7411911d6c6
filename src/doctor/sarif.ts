import { relative } from 'node:path';
import type { Examination } from './doctor';
import type { Edit, Severity } from './finding';
import { RULES } from './rules';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/** A file's name as a URI that is relative to the working directory, where CI starts: that is the repository. */
function uriOf(directory: string, file: string): string {
  const prefix = relative(process.cwd(), directory).replaceAll('\\', '/');
  const path = prefix === '' ? file : `${prefix}/${file}`;
  return encodeURI(path).replace(/[#?]/g, encodeURIComponent);
}

/** The edits of a finding, a file each. */
function changesOf(directory: string, edits: readonly Edit[]): object[] {
  return [...new Set(edits.map(({ file }) => file))].map((file) => ({
    artifactLocation: { uri: uriOf(directory, file) },
    replacements: edits
      .filter((edit) => edit.file === file)
      .map(({ start, end, text }) => ({
        deletedRegion: { charOffset: start, charLength: end - start },
        insertedContent: { text },
      })),
  }));
}

/**
 * The findings in the format that GitHub, Azure DevOps and editors read.
 *
 * @param directory absolute; what names in findings are relative to
 * @param version of this package
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifOf({ diagnoses }: Examination, directory: string, version: string): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'baton doctor',
            version,
            rules: RULES.map(({ code, title, severity }) => ({
              id: code,
              shortDescription: { text: title },
              help: { text: `See docs/rules.md#${code} of the package iis-baton.` },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnoses.map(({ finding, edits }) => ({
          ruleId: finding.code,
          ruleIndex: RULES.findIndex(({ code }) => code === finding.code),
          level: LEVELS[finding.severity],
          message: { text: `${finding.message}\n\nFix:\n${finding.fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(directory, finding.file) },
                region: {
                  startLine: finding.line,
                  ...(finding.column === undefined ? {} : { startColumn: finding.column }),
                },
              },
            },
          ],
          ...(edits.length === 0
            ? {}
            : { fixes: [{ description: { text: finding.fix }, artifactChanges: changesOf(directory, edits) }] }),
        })),
      },
    ],
  };
}
