import { join } from 'node:path';
import { BatonError } from '../core/errors';
import { checkSiteName } from '../iis/log-fields-script';
import { chooseEdge } from './edges';
import { starterName } from './files/starter';
import type { Layout, Plan } from './plan';
import { fitName, isFile, type AppProject } from './project';
import type { Route } from './routes';

/** What somebody said about the set-up; everything has a default. */
export interface Answers {
  readonly name?: string | undefined;
  readonly edge?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly host?: string | undefined;
  readonly site?: string | undefined;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  readonly api?: string | undefined;
  readonly webRoot?: string | undefined;
  readonly functions?: readonly string[] | undefined;
}

/** A text that is not of the right form would end up in a template, a script or an address. */
const FORMS: Readonly<Record<string, { readonly pattern: RegExp; readonly hint: string }>> = {
  name: { pattern: /^[a-z][a-z0-9-]{0,31}$/, hint: 'lower-case letters, digits and "-", a letter first, up to 32' },
  issuer: { pattern: /^https:\/\/[^\s"'<>\\]+$/, hint: 'an https URL' },
  audience: { pattern: /^[^\s"'<>\\]{1,256}$/, hint: 'a text without blanks and quotes' },
  host: {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/,
    hint: 'a host name, with port if it is not 443',
  },
  region: { pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, hint: 'an AWS Region such as eu-west-1' },
  account: { pattern: /^\d{12}$/, hint: 'an AWS account: 12 digits' },
  api: { pattern: /^(?:rest|http)$/, hint: 'rest or http' },
  'web-root': { pattern: /^(?:\.|[A-Za-z0-9_-]+)$/, hint: '"." or the name of one folder' },
  function: { pattern: /^[A-Za-z][A-Za-z0-9-]{0,63}$/, hint: 'letters, digits and "-", a letter first, up to 64' },
};

/** The value, if it is of the option's form. */
function checked(option: string, value: string): string {
  const form = FORMS[option];
  if (form === undefined || form.pattern.test(value)) return value;
  throw new BatonError('option_invalid', `--${option} must be ${form.hint}, not ${JSON.stringify(value)}.`);
}

/** What an answer is where nobody gave one. Shown to whoever is asked. */
export function defaultAnswers(project: AppProject): Required<Answers> {
  const name = fitName(project.name);
  return {
    name,
    edge: 'txn-token',
    issuer: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
    audience: `api://${name}`,
    host: `${name}.example.com`,
    site: 'Default Web Site',
    region: 'eu-west-1',
    account: '123456789012',
    api: 'rest',
    // A web.config in the app's folder says that IIS serves that folder today.
    webRoot: isFile(join(project.folder, 'web.config')) ? '.' : 'site',
    functions: [],
  };
}

function layoutOf(project: AppProject, webRoot: string): Layout {
  const isAppFolder = webRoot === '.';
  const ownScript = isAppFolder && !project.entry.includes('/');
  const starter = starterName({ project });
  const free = isAppFolder && isFile(join(project.folder, starter)) ? starter.replace('server', 'iis') : starter;
  return {
    webRoot: isAppFolder ? '' : webRoot,
    config: isAppFolder ? '../config' : 'config',
    script: ownScript ? project.entry : free,
    writesScript: !ownScript,
  };
}

/**
 * The plan for an app and what was said about it.
 * @throws BatonError `option_invalid` for an answer that is not of its form
 */
export function planFor(project: AppProject, routes: readonly Route[], answers: Answers): Plan {
  const usual = defaultAnswers({ ...project, name: checked('name', answers.name ?? project.name) });
  const given = (option: keyof Answers, flag: string = option): string =>
    checked(flag, String(answers[option] ?? usual[option]));
  const name = given('name');
  const [host, region, account, site] = [given('host'), given('region'), given('account'), given('site')];
  checkSiteName(site);
  return {
    project,
    name,
    edge: chooseEdge(given('edge'), { name, host, region, account }),
    identityProvider: { issuer: given('issuer'), audience: given('audience') },
    host,
    site,
    region,
    account,
    api: given('api') as Plan['api'],
    functions: [...new Set((answers.functions ?? []).map((one) => checked('function', one)))],
    routes,
    layout: layoutOf(project, given('webRoot', 'web-root')),
  };
}
