import { unknownName } from '../core/options';
import { accessLogFormatText } from '../correlation/access-log-format';
import { FIELD_SCRIPT_FORMATS, fieldScript } from '../iis/log-fields-script';
import { readArguments, surplusOption, usageErrorOf } from './arguments';

const USAGE = `Usage: baton logs field-script [--site name] [--format powershell|appcmd] [--user-field]
       baton logs gateway-format [--api rest|http]

Prints what makes the logs of IIS and of API Gateway carry the correlation ID. Nothing is changed on this machine.

  field-script    a script that adds the custom fields cs-correlation-id and sc-correlation-id to the log of an IIS site;
                  run it on the server, as an administrator
  gateway-format  the access-log format of an API Gateway stage, one line of JSON

  --site          field-script: the site's name; "Default Web Site" by default
  --format        field-script: powershell (default) or appcmd, which is a batch file
  --user-field    field-script: adds sc-user-hash, the stand-in for cs-username (the response header X-Baton-User)
  --api           gateway-format: rest (default) or http`;

const OPTIONS = {
  site: { type: 'string' },
  format: { type: 'string' },
  'user-field': { type: 'boolean' },
  api: { type: 'string' },
} as const;

/** What each action takes. */
const ACTION_OPTIONS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  'field-script': ['site', 'format', 'user-field'],
  'gateway-format': ['api'],
};

const usageError = usageErrorOf(USAGE);

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw usageError(`--${option} ${unknownName(value, known)}.`);
  return found;
}

/** `baton logs`: prints what makes the logs of others carry the correlation ID. */
export function logs(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['action'] });
  if (parsed === undefined) return;
  const { values, positionals } = parsed;
  const { action } = positionals;
  const takes = Object.hasOwn(ACTION_OPTIONS, action) ? ACTION_OPTIONS[action] : undefined;
  if (takes === undefined) throw usageError(`The action ${unknownName(action, Object.keys(ACTION_OPTIONS))}.`);
  const surplus = surplusOption(values, takes);
  if (surplus !== undefined) throw usageError(`${action} has no option --${surplus}.`);
  if (action === 'gateway-format') {
    console.log(accessLogFormatText(oneOf('api', values.api ?? 'rest', ['rest', 'http'])));
    return;
  }
  const format = oneOf('format', values.format ?? 'powershell', FIELD_SCRIPT_FORMATS);
  const script = { site: values.site ?? 'Default Web Site', format, userField: values['user-field'] ?? false };
  process.stdout.write(fieldScript(script));
}
