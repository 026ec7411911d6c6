import type { Template } from './cloudformation';
import type { GatewayAuthorizer } from './gateway-model';
import type { Project } from './project';
import { withoutComments, type Script } from './scripts';

const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.mts'];

/** The files that may hold a function's code: its handler's module, or what its bundle begins with. */
export function scriptOf(ids: readonly string[], template: Template | undefined): GatewayAuthorizer['script'] {
  const found = ids.flatMap((id) => template?.resources.get(id) ?? []).find(({ type }) => type.endsWith('::Function'));
  if (found === undefined || template === undefined) return undefined;
  const globals = template.root.at('Globals', 'Function');
  const said = (name: string): string | undefined => found.properties.at(name).text ?? globals.at(name).text;
  const folder = said('CodeUri') ?? '.';
  const [module] = (said('Handler') ?? '').split(/\.(?=[^./]*$)/);
  const bundle = template.root.at('Resources', found.id, 'Metadata', 'BuildProperties', 'EntryPoints');
  const entries = bundle.items.flatMap(({ text }) => text ?? []);
  const modules = entries.length > 0 ? entries : EXTENSIONS.map((extension) => `${module ?? ''}${extension}`);
  return { beside: template.root.data.file, candidates: modules.map((name) => `${folder}/${name}`) };
}

/** The code of an authorizer's function, where it is in the project. */
export function authorizerScript(project: Project, { script }: GatewayAuthorizer): Script | undefined {
  const [found] = (script?.candidates ?? []).flatMap((name) => project.readBeside(script?.beside ?? '', name) ?? []);
  return found && { file: found.file, code: withoutComments(found.text) };
}
