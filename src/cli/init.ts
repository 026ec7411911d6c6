import { join } from 'node:path';
import { readTextFile } from '../core/text-file';
import { unifiedDiff } from '../core/unified-diff';
import { EDGE_NAMES } from '../scaffold/edges';
import { mountBaton } from '../scaffold/mount';
import { planFor, type Answers } from '../scaffold/plan-for';
import { readProject, type AppProject } from '../scaffold/project';
import { findRoutes } from '../scaffold/routes';
import { scaffold } from '../scaffold/scaffold';
import { asUsage, readArguments, usageErrorOf } from './arguments';
import { askRest, personAt, type Person } from './init/questions';
import { describeApp, describeEntry, describeFiles, describeNext, type EntryReport } from './init/report';
import { writeFiles } from './init/write';
import { writeTextFile } from './write-file';

const USAGE = `Usage: baton init [--yes] [options]

Sets Baton up in the Express app of this folder: web.config, policy, keys, API Gateway template, the log fields of IIS,
and what "baton dev" runs. It asks for little, changes no file that is there, and shows what your app's own file needs.

  --yes          asks nothing: the defaults, where no option says otherwise
  --dry-run      says what it would do, and writes nothing
  --apply-entry  changes the app's own file as shown; without it a person is asked, and --yes leaves the file alone

  --name         the application's name; that of package.json by default
  --issuer       issuer of the access tokens that clients send, such as https://login.microsoftonline.com/<tenant>/v2.0
  --audience     audience of those tokens; api://<name> by default
  --edge         what stands in front of the app: ${EDGE_NAMES.slice(0, 4).join(', ')},
                 ${EDGE_NAMES.slice(4).join(', ')}; txn-token by default: API Gateway with Baton's authorizer
  --api          kind of API in API Gateway: rest (default) or http
  --host         host under which the gateway reaches the IIS site; <name>.example.com by default
  --site         name of the IIS site; "Default Web Site" by default
  --region       AWS Region; eu-west-1 by default
  --account      AWS account; 123456789012 by default
  --function     a Lambda function that the app calls; may be given several times
  --web-root     the folder that IIS serves: "site" by default, with a script that starts your app, so that nothing else is
                 in reach of IIS; "." where the app's folder has a web.config: policy and keys then go to ../config

Exit code: 0 done, 1 a file that is there differs from what would have been written, 2 wrong usage.`;

const OPTIONS = {
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  'apply-entry': { type: 'boolean', default: false },
  name: { type: 'string' },
  issuer: { type: 'string' },
  audience: { type: 'string' },
  edge: { type: 'string' },
  api: { type: 'string' },
  host: { type: 'string' },
  site: { type: 'string' },
  region: { type: 'string' },
  account: { type: 'string' },
  function: { type: 'string', multiple: true },
  'web-root': { type: 'string' },
} as const;

/** The package's commented web.config; the folder is as far from `dist/cli` as from `src/cli`. */
const TEMPLATE = join(__dirname, '..', '..', 'web.config');

/** What the app's own file would be with Baton in it; undefined where there is no such file or it has Baton already. */
function planEntry({ folder, appPath, appFile }: AppProject): Omit<EntryReport, 'isApplied' | 'isShown'> | undefined {
  const mounted = appFile && mountBaton(appFile);
  if (appPath === undefined || appFile === undefined || mounted === undefined) return undefined;
  return {
    path: appPath,
    mounted,
    diff: unifiedDiff(appPath, readTextFile(join(folder, appPath)), mounted.text),
  };
}

/** Applied where the option says so, or the person who has seen the diff. */
async function settleEntry(
  project: AppProject,
  person: Person | undefined,
  { apply, isDryRun }: { readonly apply: boolean; readonly isDryRun: boolean },
): Promise<EntryReport | undefined> {
  const planned = planEntry(project);
  if (planned === undefined || isDryRun) return planned && { ...planned, isApplied: false, isShown: false };
  const isShown = person !== undefined && !apply;
  if (isShown) console.log(`\n${planned.diff.trimEnd()}\n`);
  const isApplied = apply || (await person?.agrees(`Change ${planned.path} like this?`)) === true;
  if (isApplied) writeTextFile(join(project.folder, planned.path), planned.mounted.text);
  return { ...planned, isApplied, isShown };
}

function personFor(asksNothing: boolean): Person | undefined {
  if (asksNothing) return undefined;
  if (process.stdin.isTTY) return personAt(process.stdin, process.stdout);
  throw usageErrorOf(USAGE)('Nobody can answer questions here: give --yes.');
}

/** `baton init`: sets Baton up in the Express app of the working directory. */
export async function init(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: [] });
  if (parsed === undefined) return;
  const { yes, 'dry-run': isDryRun, 'apply-entry': apply, function: functions, ...rest } = parsed.values;
  const { 'web-root': webRoot, ...texts } = rest;
  const given: Answers = { ...texts, webRoot, functions };
  const project = readProject(process.cwd());
  const person = personFor(yes || isDryRun);
  try {
    const answers = person === undefined ? given : await askRest(person, project, given);
    const found = findRoutes(project, answers.name ?? project.name);
    const plan = asUsage(() => planFor(project, found.routes, answers));
    console.log(describeApp(plan, found));
    const wanted = await scaffold(plan, { webConfigTemplate: readTextFile(TEMPLATE), now: Date.now() });
    const files = writeFiles(project.folder, wanted, isDryRun);
    console.log(describeFiles(files, isDryRun));
    const entry = await settleEntry(project, person, { apply, isDryRun });
    console.log(describeEntry(plan, entry));
    console.log(describeNext(plan, entry));
    if (files.some(({ fate }) => fate === 'differs')) process.exitCode = 1;
  } finally {
    person?.leave();
  }
}
