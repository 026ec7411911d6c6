import { deployedText, type Template } from './cloudformation';
import type { GatewayKind, HeaderMapping } from './gateway-model';
import type { Located } from './located';

const REST = /^integration\.request\.header\.(.+)$/i;
const HTTP = /^(overwrite|append|remove):header\.(.+)$/i;

/** `$request.header.X`, `${request.header.X}` and `method.request.header.X` without their signs. */
const bare = (source: string): string => source.trim().replace(/^\$\{?([^}]*)\}?$/, '$1');

function mappingOf(name: string, at: Located, template: Template | undefined): HeaderMapping | undefined {
  const source = bare(deployedText(at, template) ?? '');
  const [, restHeader] = REST.exec(name) ?? [];
  if (restHeader !== undefined) return { action: 'overwrite', header: restHeader.toLowerCase(), source, at };
  const [, action, header] = HTTP.exec(name) ?? [];
  if (action === undefined || header === undefined) return undefined;
  return { action: action.toLowerCase() as HeaderMapping['action'], header: header.toLowerCase(), source, at };
}

/** Headers that a mapping template of a REST API sets: `#set($context.requestOverride.header.X = …)`. */
function overridden(templates: Located): HeaderMapping[] {
  return templates.members.flatMap(([, at]) =>
    [...(at.text ?? '').matchAll(/\$context\.requestOverride\.header\.([\w-]+)\s*=\s*\$?([\w.]*)/g)].map(
      ([, header = '', source = '']): HeaderMapping => ({
        action: 'overwrite',
        header: header.toLowerCase(),
        source,
        at,
      }),
    ),
  );
}

/** The line of an integration that sets a header from a variable of the gateway's, without `$`. */
export function mappingFix(kind: GatewayKind | undefined, header: string, source: string): string {
  const line =
    kind === 'http'
      ? `"overwrite:header.${header}": "$${source}"`
      : `"integration.request.header.${header}": "${source}"`;
  return `In "requestParameters":\n${line}`;
}

/** What an integration does to headers. */
export function mappingsOf(
  parameters: Located,
  templates: Located,
  template: Template | undefined,
): readonly HeaderMapping[] {
  const mapped = parameters.members.flatMap(([name, at]) => mappingOf(name, at, template) ?? []);
  return [...mapped, ...overridden(templates)];
}
