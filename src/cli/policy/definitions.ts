import { dirname, resolve } from 'node:path';
import { unknownName } from '../../core/options';
import type { Policy } from '../../policy/policy';
import { checkDefinition } from '../../workflows/definition/check';
import type { DefinitionFinding } from '../../workflows/definition/finding';
import { parseDefinition } from '../../workflows/definition/parse';
import { usageErrorOf } from '../arguments';
import { readText } from './files';

/** A definition and what was found in it. */
export interface CheckedDefinition {
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly file: string;
  readonly findings: readonly DefinitionFinding[];
}

const usage = usageErrorOf();

/** `approve-invoice=flow.asl.json`, or the file alone where the policy has one workflow. */
function named(asl: string, known: readonly string[]): readonly [string, string] {
  const [, before, file = asl] = /^([A-Za-z][A-Za-z0-9._-]*)=(.+)$/.exec(asl) ?? [];
  const [only] = known;
  const workflow = before ?? (known.length === 1 ? only : undefined);
  if (workflow === undefined) throw usage(`--asl ${asl}: say of which workflow it is: --asl name=${asl}.`);
  if (!known.includes(workflow)) throw usage(`--asl ${asl}: the workflow ${unknownName(workflow, known)}.`);
  return [workflow, file];
}

/** The definitions that the command line names, else those that the policy names (`/workflows/…/definition`). */
export function checkDefinitions(policy: Policy, policyFile: string, asked: readonly string[]): CheckedDefinition[] {
  const { workflows, functions } = policy;
  const folder = dirname(resolve(policyFile));
  const files =
    asked.length > 0
      ? asked.map((asl) => named(asl, Object.keys(workflows)))
      : Object.entries(workflows).flatMap(([name, { definition }]) =>
          definition === undefined ? [] : [[name, resolve(folder, definition)] as const],
        );
  return files.flatMap(([name, file]) => {
    const workflow = workflows[name];
    if (workflow === undefined) return [];
    const definition = parseDefinition(file, readText(file));
    return [{ workflow: name, file, findings: checkDefinition(definition, { workflow, functions }) }];
  });
}
