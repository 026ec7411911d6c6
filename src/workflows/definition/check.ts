import { approvals, shownApprovals } from './approvals';
import { callers, roles, secrets } from './data';
import type { DefinitionFinding } from './finding';
import { members, statesOf } from './states';
import { syntaxFindings } from './syntax';
import { handedOn, lambdaTask, robustness, steps, type DefinitionPolicy } from './tasks';

/**
 * What is wrong with a state machine's definition, and what is odd about it beside the policy: tasks without retry, catch,
 * time-out or permission, a caller that states could change, roles and secrets in the data.
 *
 * @param definition the parsed file, in Amazon States Language
 * @throws BatonError `peer_missing` without the package `asl-validator`
 * @see https://states-language.net
 */
export function checkDefinition(definition: unknown, policy: DefinitionPolicy): readonly DefinitionFinding[] {
  return [...syntaxFindings(definition), ...besidePolicy(definition, policy)];
}

/** The same without the syntax, for a definition that AWS has taken. */
export function besidePolicy(definition: unknown, policy: DefinitionPolicy): readonly DefinitionFinding[] {
  const states = statesOf(members(definition));
  const tasks = states.flatMap((located) => lambdaTask(located) ?? []);
  return [
    ...states.flatMap(robustness),
    ...steps(tasks, policy),
    ...tasks.flatMap((task) => handedOn(task, policy.workflow)),
    ...approvals(states, policy.workflow),
    ...shownApprovals(tasks, policy.workflow),
    ...callers(states),
    ...states.flatMap(roles),
    ...states.flatMap(secrets),
  ];
}
