import { posix } from 'node:path';
import type { DataFile } from './data-file';
import { Located } from './located';

/** A SAM or CloudFormation template. */
export interface Template {
  readonly root: Located;
  /** Resources by logical ID. */
  readonly resources: ReadonlyMap<string, Resource>;
}

/** A resource of a template. */
export interface Resource {
  readonly id: string;
  /** Such as `AWS::Serverless::Api`. */
  readonly type: string;
  readonly properties: Located;
}

/** Reads a template; undefined where the file is none. */
export function templateOf(data: DataFile): Template | undefined {
  const root = Located.rootOf(data);
  const resources = root.at('Resources').members.flatMap(([id, resource]): (readonly [string, Resource])[] => {
    const type = resource.at('Type').text;
    return type === undefined ? [] : [[id, { id, type, properties: resource.at('Properties') }]];
  });
  return resources.length === 0 ? undefined : { root, resources: new Map(resources) };
}

/** What stands in a text for something that only the deployment knows. */
const UNKNOWN = '${?}';

/**
 * The text that a value comes to, as far as the template says: a parameter is its default; what `Fn::Sub` fills stays
 * `${NAME}`. undefined where nothing of it is known.
 */
export function deployedText(value: Located, template: Template | undefined): string | undefined {
  if (typeof value.value === 'number' || typeof value.value === 'boolean') return String(value.value);
  if (value.text !== undefined) return value.text;
  const named = value.at('Ref').text;
  if (named !== undefined) {
    const fallback = template?.root.at('Parameters', named, 'Default');
    return fallback?.isThere ? deployedText(fallback, template) : undefined;
  }
  const sub = value.at('Fn::Sub');
  if (sub.isThere) return sub.text ?? sub.at(0).text;
  const join = value.at('Fn::Join');
  if (!join.isThere) return undefined;
  return join
    .at(1)
    .items.map((item) => deployedText(item, template) ?? UNKNOWN)
    .join(join.at(0).text ?? '');
}

/** A switch that a value comes to; undefined where it is not there, or only the deployment knows. */
export function deployedFlag(value: Located, template: Template | undefined): boolean | undefined {
  const text = deployedText(value, template);
  return text === undefined ? undefined : text === 'true';
}

/** Whether a value is one of CloudFormation's functions. */
export function isIntrinsic(value: Located): boolean {
  return value.members.some(([name]) => name === 'Ref' || name.startsWith('Fn::'));
}

/** The logical IDs that a value is made of: by `Ref`, `Fn::GetAtt`, or `${ID}` and `${ID.Attribute}` in `Fn::Sub`. */
export function referredTo(value: Located): readonly string[] {
  const own = [value.at('Ref').text, value.at('Fn::GetAtt', 0).text].filter((name) => name !== undefined);
  const sub = value.at('Fn::Sub');
  const filled = (sub.text ?? sub.at(0).text ?? '').matchAll(/\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}/g);
  const inner = [...value.members.map(([, member]) => member), ...value.items].flatMap(referredTo);
  return [...own, ...[...filled].map(([, name = '']) => name), ...inner];
}

/** The name in findings of a file that another one names. */
export function fileBeside(file: string, named: string): string {
  return posix.normalize(posix.join(posix.dirname(file), named.replaceAll('\\', '/')));
}
