import { elementsAt } from '../../iis/xml-sections';
import type { Place } from '../finding';
import type { Rule } from '../rule';
import { hostVariables } from '../host-variables';
import type { Site } from '../site';

/** What a value must not be, whatever its name: shapes that nothing else has. */
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/"d"\s*:\s*"[A-Za-z0-9_-]{16,}"/, 'a private JWK'],
  [/"kty"\s*:\s*"oct"/, 'a secret JWK'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/, 'a token'],
  [/\b(?:password|pwd|accountkey|sharedaccesskey)\s*=\s*[^;\s]+/i, 'a password in a connection string'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'a password in a URL'],
];

/** Names of settings that hold a secret, if they hold anything. */
const SECRET_NAMES =
  /(?:secret|password|passwd|pwd|api_?key|private_?key|access_?key|signing_key|hand_over_key|audit_key|hash_key|auth_?token|access_?token)$/i;

/** What stands for a value that comes from elsewhere. */
const PLACEHOLDER =
  /^(?:$|@Microsoft\.KeyVault\(|\$\{|\$\(|#\{|%[^%]+%$|__\w+__$|\{\{|arn:|(?:secretsmanager|ssm|vault|keyvault):)/i;

/** What kind of secret a setting holds, if it holds one. */
function secretIn(name: string, value: string): string | undefined {
  if (PLACEHOLDER.test(value.trim())) return undefined;
  const shape = SECRET_VALUES.find(([pattern]) => pattern.test(value));
  if (shape !== undefined) return shape[1];
  return SECRET_NAMES.test(name) ? 'a secret, by its name' : undefined;
}

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly place: Place | undefined;
}

/** Everything in web.config that is a value for an app: settings, variables of other hosts, connection strings. */
function settingsOf(site: Site): readonly Setting[] {
  const connections = site.scopes.flatMap((scope) => elementsAt(scope, ['connectionStrings', 'add']));
  return [
    ...[...new Map([...site.appSettings, ...hostVariables(site)])].map(([name, setting]) => ({
      name,
      value: setting.value,
      place: setting.place,
    })),
    ...connections.map((element) => ({
      name: element.attributes.get('name') ?? 'connectionString',
      value: element.attributes.get('connectionString') ?? '',
      place: site.xml.place(element),
    })),
  ];
}

/** Where the app has it from then. */
function insteadOf(name: string, kind: string): string {
  if (/^BATON_.*_KEY$/.test(name)) {
    const file = `${name
      .toLowerCase()
      .replace(/^baton_/, '')
      .replaceAll('_', '-')}.json`;
    return `Put it into a file outside the site that only the app pool's account may read:\n<add key="${name}_FILE" value="..\\config\\${file}" />`;
  }
  if (kind === 'an AWS access key' || /^AWS_/i.test(name)) {
    return 'The AWS SDK finds credentials of a role by itself: an instance profile on EC2, IAM Roles Anywhere elsewhere.';
  }
  return "Have the app read it from a secrets manager, or from a file outside the site that only the app pool's account may read.";
}

export const secretInAppSettings: Rule = {
  code: 'secret-in-app-settings',
  severity: 'error',
  title: 'web.config holds a secret as plain text',
  check({ site }) {
    if (site === undefined) return [];
    return settingsOf(site).flatMap(({ name, value, place }) => {
      const kind = secretIn(name, value);
      if (kind === undefined || place === undefined) return [];
      return [
        {
          place,
          // Never the value.
          message: `${name} looks like ${kind}. It is plain text for everybody who may read the site's folder, its backups and its repository, and every process that the app starts inherits it.`,
          fix: `Delete the line, and change the secret where it was issued: it counts as known. ${insteadOf(name, kind)}`,
        },
      ];
    });
  },
};
