import type { Mounted } from '../../scaffold/mount';
import { hasGateway, type Plan } from '../../scaffold/plan';
import { keyFilesOf } from '../../scaffold/files/keys';
import { secretName } from '../../scaffold/files/sam-template';
import type { FoundRoutes, Route } from '../../scaffold/routes';
import type { Fate, WrittenFile } from './write';

/** What became of the app's own file. */
export interface EntryReport {
  readonly path: string;
  readonly mounted: Mounted;
  readonly diff: string;
  readonly isApplied: boolean;
  /** A person has seen the diff, and was asked. */
  readonly isShown: boolean;
}

function routeLine({ method = '*', path, isPublic, permission }: Route): string {
  return `  ${method.padEnd(7)} ${path.padEnd(28)} ${isPublic ? 'open to everybody' : permission}`;
}

/** What was found in the app. */
export function describeApp(plan: Plan, { skipped }: FoundRoutes): string {
  const { project, name, routes } = plan;
  const { appPath, appFile, express, entry } = project;
  const modules = appFile?.modules === 'esm' ? 'ES modules' : 'CommonJS';
  const app =
    appPath === undefined
      ? `  No file that makes an Express app was found from ${entry} on.`
      : `  ${express === undefined ? 'Express' : `Express ${express}`}, app in ${appPath} (${modules}), started by ${entry}`;
  return [
    `${name}:`,
    app,
    '',
    'Routes and what each asks for, in the policy and in front of it. Others are closed until you list them.',
    ...routes.map(routeLine),
    ...skipped.map((path) => `  not listed: ${path} has no template in a policy`),
  ].join('\n');
}

const HEADINGS: Readonly<Record<Fate, (isDryRun: boolean) => string>> = {
  new: (isDryRun) => (isDryRun ? 'Would write' : 'Written'),
  same: () => 'There already, as it should be',
  kept: () => 'Kept: keys that are there are never made anew',
  differs: () => 'Left alone: it is there, and differs from what would have been written',
};

/** What became of the files, and how those that were left alone differ. */
export function describeFiles(files: readonly WrittenFile[], isDryRun: boolean): string {
  const width = Math.max(...files.map(({ path }) => path.length));
  const sections = (['new', 'same', 'kept', 'differs'] as const).flatMap((fate) => {
    const those = files.filter((file) => file.fate === fate);
    const lines = those.map(({ path, purpose }) => `  ${path.padEnd(width)}  ${purpose}`);
    return those.length === 0 ? [] : [['', `${HEADINGS[fate](isDryRun)}:`, ...lines].join('\n')];
  });
  const diffs = files.filter(({ diff }) => diff !== '').map(({ diff }) => `\n${diff.trimEnd()}`);
  return [...sections, ...diffs].join('\n');
}

const BY_HAND = `
  app.use(baton());           // const { baton, problemHandler } = require('iis-baton'); before everything that serves data
  app.use(problemHandler());  // after all routes
  listen(app);                // const { listen } = require('iis-baton/iis'); instead of app.listen(…)`;

/** The change of the app's own file, whether it was made or not. */
export function describeEntry(plan: Plan, entry: EntryReport | undefined): string {
  const { appPath, appFile } = plan.project;
  if (appFile === undefined) return `\nMount Baton in your app by hand:\n${BY_HAND}`;
  if (entry === undefined) return `\n${appPath ?? ''} uses Baton already.`;
  const notes = entry.mounted.notes.map((note) => `  ${note}`);
  const heading = entry.isApplied ? `Changed ${entry.path}` : `Your ${entry.path} is not changed`;
  const shown = entry.isApplied ? `${heading}:` : `${heading}. What it needs:`;
  const body = entry.isShown ? [`${heading}.`] : [shown, '', entry.diff.trimEnd()];
  return ['', ...body, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function keySteps(plan: Plan): string[] {
  const { config } = plan.layout;
  return keyFilesOf(plan).flatMap(({ ring, jwks, purpose }) =>
    ring.startsWith('gateway')
      ? [
          `Give ${purpose} its key, and remove the file from here then:`,
          `    aws secretsmanager create-secret --region ${plan.region} --name ${secretName(plan)} --secret-string file://${config}/keys/${ring}`,
          `Publish ${config}/keys/${jwks} at GATEWAY_JWKS_URI (docs/keys.md).`,
        ]
      : [
          `Put ${config}/keys/${ring} on the server, readable by the app pool's account alone, and publish`,
          `    ${config}/keys/${jwks} at APP_JWKS_URI (docs/keys.md).`,
        ],
  );
}

/** What is left to do, in its order. */
export function describeNext(plan: Plan, entry: EntryReport | undefined): string {
  const { layout, site } = plan;
  const isOpen = entry !== undefined && !entry.isApplied;
  const here = [
    ...(isOpen ? [`Change ${entry.path} as shown:  npx baton init --yes --apply-entry`] : []),
    'Look for what can go wrong:  npx baton doctor',
    ...(hasGateway(plan)
      ? ['Run the whole relay on this machine:  npm install --save-dev oidc-provider, then npx baton dev']
      : []),
  ];
  const there = [
    `Replace what is marked CHANGE in ${layout.webRoot === '' ? '' : `${layout.webRoot}/`}web.config${hasGateway(plan) ? ' and aws/samconfig.toml' : ''}.`,
    ...keySteps(plan),
    ...(hasGateway(plan) ? ['Deploy to AWS:  npm install --save-dev esbuild, then in aws: sam build, sam deploy'] : []),
    `On the server, the site "${site}" serves ${layout.webRoot === '' ? "the app's folder" : `the folder ${layout.webRoot}`}; run ${layout.config}/iis-log-fields.ps1 once.`,
  ];
  const list = (lines: readonly string[]): string[] =>
    lines.map((line) => (line.startsWith(' ') ? line : `  - ${line}`));
  return ['', 'Next, here:', ...list(here), '', 'Then, for a server:', ...list(there)].join('\n');
}
