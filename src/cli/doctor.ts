import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { unifiedDiff } from '../core/unified-diff';
import { examine, type DoctorOptions } from '../doctor/doctor';
import { SEVERITIES, type Finding, type Severity } from '../doctor/finding';
import { planRepairs, type Repair } from '../doctor/repair';
import { sarifOf } from '../doctor/sarif';
import { asUsage, readArguments, usageErrorOf } from './arguments';
import { environmentOf } from './policy/files';
import { writeTextFile } from './write-file';

const USAGE = `Usage: baton doctor [directory] [options]

Reads web.config, iisnode.yml, applicationHost.config, the policy, the gateway's templates and how the app listens, as far
as they are there, and says what can go wrong. The directory is the site's, or the one above; default: this one.

  --policy FILE            instead of the one that BATON_POLICY of web.config names
  --gateway FILE           a SAM template or OpenAPI definition; may be repeated
  --application-host FILE  the server's applicationHost.config
  --site NAME              the site's name in it
  --env-file FILE          what the app's environment holds (NAME=value lines), instead of this one
  --ignore CODE            leaves the findings of a rule out; may be repeated
  --fail-on LEVEL          error, warning (default), info or never: from which finding on the exit code is 1
  --fix                    shows what can be repaired safely as a diff, and writes it
  --dry-run                with or without --fix: shows the diff, writes nothing
  --json                   data for machines: { examined, findings }
  --sarif                  SARIF 2.1.0, for code scanning

Exit code: 0 clean, 1 findings at or above --fail-on (after --fix: those that are left), 2 wrong usage.`;

const OPTIONS = {
  policy: { type: 'string' },
  gateway: { type: 'string', multiple: true },
  'application-host': { type: 'string' },
  site: { type: 'string' },
  'env-file': { type: 'string' },
  ignore: { type: 'string', multiple: true },
  'fail-on': { type: 'string', default: 'warning' },
  fix: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  sarif: { type: 'boolean', default: false },
} as const;

const usageError = usageErrorOf(USAGE);

/** `baton doctor`: what can go wrong with a site, and what can be repaired. */
export function doctor(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: [], repeats: true });
  if (parsed === undefined) return;
  const { values } = parsed;
  const options = optionsOf(values, parsed.repeated);
  const failsOn = levelOf(values['fail-on']);
  const changes = values.fix || values['dry-run'];
  if ([changes, values.json, values.sarif].filter(Boolean).length > 1) {
    throw usageError('--json, --sarif and --fix (or --dry-run) go each alone.');
  }
  const findings = changes ? repair(options, values['dry-run']) : report(options, values);
  const failing = SEVERITIES.slice(0, failsOn === 'never' ? 0 : SEVERITIES.indexOf(failsOn) + 1);
  if (findings.some(({ severity }) => failing.includes(severity))) process.exitCode = 1;
}

type Values = NonNullable<ReturnType<typeof readArguments<typeof OPTIONS, never>>>['values'];

function optionsOf(values: Values, [directory = '.', surplus]: readonly string[]): DoctorOptions {
  if (surplus !== undefined) throw usageError(`"${surplus}" is one argument too many.`);
  const { policy, gateway, 'application-host': applicationHost, site: siteName, ignore } = values;
  return {
    directory,
    environment: environmentOf(values['env-file']),
    ...(policy === undefined ? {} : { policy }),
    ...(gateway === undefined ? {} : { gateways: gateway }),
    ...(applicationHost === undefined ? {} : { applicationHost }),
    ...(siteName === undefined ? {} : { siteName }),
    ...(ignore === undefined ? {} : { ignore }),
  };
}

function levelOf(text: string): Severity | 'never' {
  const levels = [...SEVERITIES, 'never'] as const;
  const level = levels.find((one) => one === text);
  if (level === undefined) throw usageError(`--fail-on ${unknownName(text, levels)}.`);
  return level;
}

function report(options: DoctorOptions, { json, sarif }: { json: boolean; sarif: boolean }): readonly Finding[] {
  const examination = asUsage(() => examine(options));
  const findings = examination.diagnoses.map(({ finding }) => finding);
  if (json) console.log(JSON.stringify({ examined: examination.examined, findings }, null, 2));
  else if (sarif) {
    const { version } = require('../../package.json') as { version: string };
    console.log(JSON.stringify(sarifOf(examination, resolve(options.directory ?? '.'), version), null, 2));
  } else console.log([...findings.map(textOf), summaryOf(findings, examination.examined)].join('\n\n'));
  return findings;
}

const indented = (text: string): string => text.replace(/^/gm, '    ');

/** A finding for people: where, what can happen, what to paste. */
function textOf({ code, severity, file, line, message, fix, docs }: Finding): string {
  return `${file}:${line} ${severity} ${code}\n  ${message}\n  Fix (${docs}):\n${indented(fix)}`;
}

const NOUNS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

function summaryOf(findings: readonly Finding[], examined: readonly string[]): string {
  const files = `Examined: ${examined.join(', ')}.`;
  if (findings.length === 0) return `${files}\nNothing found.`;
  const counts = SEVERITIES.map((level) => {
    const count = findings.filter(({ severity }) => severity === level).length;
    return `${count} ${NOUNS[level]}${count === 1 ? '' : 's'}`;
  });
  const fixable = findings.filter((one) => one.fixable).length;
  const hint = fixable === 0 ? '' : ` baton doctor --fix repairs ${fixable} of them.`;
  return `${files}\nFound: ${counts.join(', ')}.${hint}`;
}

/** Shows the difference, writes it unless that is not wanted, and says what is left. */
function repair(options: DoctorOptions, dryRun: boolean): readonly Finding[] {
  const { repairs, repaired, remaining } = asUsage(() => planRepairs(options));
  if (repairs.length === 0) {
    console.log('Nothing that --fix repairs.');
  } else {
    console.log(repairs.map(({ file, before, after }) => unifiedDiff(file, before, after)).join('\n'));
    for (const one of repairs) console.log(dryRun ? `${one.file}: not written (--dry-run).` : write(one));
    for (const { code, file, line } of repaired) console.log(`  ${code} ${file}:${line}`);
  }
  const left = dryRun ? [...repaired, ...remaining] : remaining;
  for (const finding of remaining) console.log(`\n${textOf(finding)}`);
  return left;
}

function write({ file, path, before, after }: Repair): string {
  const bytes = readFileSync(path);
  // The mark that Windows editors put first is kept; in another encoding, writing would change more than the repair.
  const mark = ['', '\uFEFF'].find((start) => Buffer.from(start + before).equals(bytes));
  if (mark === undefined) {
    throw new BatonError('option_invalid', `${file} is left as it is: it is not UTF-8. Save it as UTF-8 first.`);
  }
  writeTextFile(path, mark + after);
  return `${file}: written.`;
}
