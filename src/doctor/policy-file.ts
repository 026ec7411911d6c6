import { BatonError, type Problem } from '../core/errors';
import type { PolicyDocument } from '../policy/document';
import { loadPolicy } from '../policy/load';
import { step } from '../policy/shape';
import type { DataFile } from './data-file';
import { Located } from './located';

/** A `${NAME}` of the policy that nothing fills. */
export interface UnsetVariable {
  readonly name: string;
  /** The text that holds it. */
  readonly at: Located;
}

/** What a policy file comes to. */
export interface PolicyReading {
  /**
   * The policy, checked and filled; undefined where something is wrong with it. A `${NAME}` that nothing fills has a
   * stand-in of the right form: the rest can be judged without it.
   */
  readonly document: PolicyDocument | undefined;
  /** What is wrong with it, values that are not set left aside. */
  readonly problems: readonly Problem[];
  readonly unset: readonly UnsetVariable[];
}

function unsetIn(at: Located, environment: ReadonlyMap<string, { readonly value: string }>): UnsetVariable[] {
  const names = [...(at.text ?? '').matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name = '']) => name);
  const unset = names.filter((name) => !environment.get(name)?.value).map((name) => ({ name, at }));
  const inner = [...at.members.map(([, member]) => member), ...at.items];
  return [...unset, ...inner.flatMap((member) => unsetIn(member, environment))];
}

/** A value of the form that a variable of that name mostly has. */
function standIn(name: string): string {
  if (/ACCOUNT/i.test(name)) return '123456789012';
  if (/REGION/i.test(name)) return 'eu-west-1';
  return 'https://unset.example.com';
}

/**
 * Reads a policy file, with the environment that the app will have.
 *
 * @throws BatonError `policy_unreadable`
 */
export function readPolicyFile(
  path: string,
  data: DataFile,
  environment: ReadonlyMap<string, { readonly value: string }>,
): PolicyReading {
  const unset = unsetIn(Located.rootOf(data), environment);
  const variables: Record<string, string> = Object.fromEntries(
    [...environment].map(([name, { value }]) => [name, value]),
  );
  for (const { name } of unset) variables[name] = standIn(name);
  try {
    return { document: loadPolicy(path, variables).document, problems: [], unset };
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.code !== 'policy_invalid') throw thrown;
    // What a stand-in got wrong is no fault of the file.
    const stoodIn = new Set(unset.map(({ at }) => pointerOf(at)));
    const problems = thrown.problems.filter(({ pointer }) => !stoodIn.has(pointer));
    return { document: undefined, problems, unset };
  }
}

const pointerOf = ({ path }: Located): string => path.reduce<string>(step, '');
