import { BatonError } from '../../core/errors';
import { POLICY_FILE, type Plan } from '../plan';
import { policySettings } from './policy';
import { HAND_OVER } from './keys';

/** XML's own characters, as they are written in an attribute. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const attribute = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);

/** A comment must not hold two dashes in a row. */
const comment = (text: string): string => text.replaceAll('--', '- -');

/** The way from the web root to a file of the app's folder or above, with `/`. */
export function fromWebRoot({ layout: { webRoot } }: Plan, path: string): string {
  const up = webRoot === '' ? [] : webRoot.split('/').map(() => '..');
  return [...up, path].join('/');
}

function appSettings(plan: Plan): string {
  const { layout, functions } = plan;
  const add = (key: string, value: string): string => `    <add key="${key}" value="${attribute(value)}" />`;
  const settings = Object.entries(policySettings(plan)).map(([key, value]) => add(key, value));
  return [
    '<appSettings>',
    '    <!-- Where baton() finds the policy, relative to this folder. -->',
    add('BATON_POLICY', fromWebRoot(plan, `${layout.config}/${POLICY_FILE}`)),
    ...(functions.length > 0
      ? [
          '    <!-- The private key that signs what the app hands over to Lambda. -->',
          add('BATON_HAND_OVER_KEY_FILE', fromWebRoot(plan, `${layout.config}/keys/${HAND_OVER.ring}`)),
        ]
      : []),
    ...(settings.length > 0
      ? [
          "    <!-- CHANGE: the values of the policy's ${NAME}s, which are all that differs between your environments. -->",
        ]
      : []),
    ...settings,
    '  </appSettings>',
  ].join('\n');
}

function heading(plan: Plan): string {
  const { name, site, layout } = plan;
  const code = layout.writesScript ? "The app's own code lies above it, and is loaded by" : 'The app is started by';
  return `<!--
  Hosts ${comment(name)} with Baton on IIS with iisnode; change what is marked CHANGE. This folder is the physical path of the
  site "${comment(site)}". IIS serves it, and nothing above it.
  ${code} ${layout.script}. The app pool's account needs to read both, and must not write to them; it
  writes the logs, in ${fromWebRoot(plan, 'logs')}.

  One thing cannot be set here, because IIS keeps it in applicationHost.config: the correlation ID in the log of IIS. Run
  iis-log-fields.ps1 (or iis-log-fields.cmd), which lies beside the policy, once per site, as an administrator.
-->`;
}

/** Replaces what must be there: a template that has changed shape stops the tests, and never writes half a file. */
function replaced(text: string, pattern: RegExp, by: string): string {
  if (!pattern.test(text)) {
    throw new BatonError('internal', `The template web.config of the package lacks ${String(pattern)}.`);
  }
  return text.replace(pattern, () => by);
}

/**
 * The web.config: the package's commented template with this app's names and values.
 * @param template the text of the template
 */
export function webConfigText(plan: Plan, template: string): string {
  const { script } = plan.layout;
  const text = template.replaceAll('\r\n', '\n');
  const named = replaced(text, /<!--[\s\S]*?-->/, heading(plan));
  const set = replaced(named, /<appSettings>[\s\S]*?<\/appSettings>/, appSettings(plan));
  const handled = replaced(set, /(?<=<add name="iisnode" path=")server\.js(?=")/, attribute(script));
  const rewritten = replaced(handled, /(?<=<action type="Rewrite" url=")server\.js(?=")/, attribute(script));
  const explained = rewritten.replaceAll('server.js', script);
  // A new file of another extension restarts the app as well.
  const extension = script.slice(script.lastIndexOf('.'));
  return extension === '.js' ? explained : explained.replaceAll('"*.js;iisnode.yml"', `"*${extension};iisnode.yml"`);
}
