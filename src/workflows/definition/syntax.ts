import { optionalPeer } from '../../core/peers';
import { definitionFinding, type DefinitionFinding } from './finding';

interface ValidatorError {
  readonly 'Error code': string;
  readonly Message: string;
}

type Validator = (definition: unknown) => { readonly errors: readonly ValidatorError[] };

/**
 * What the validator says of a definition's syntax, transitions and paths.
 * @throws BatonError `peer_missing` without the package `asl-validator`
 */
export function syntaxFindings(definition: unknown): DefinitionFinding[] {
  const validate = optionalPeer(
    'asl-validator',
    'Checking a definition in Amazon States Language',
    () => require('asl-validator') as Validator,
  );
  let errors: readonly ValidatorError[];
  try {
    // It writes defaults into what it is given.
    ({ errors } = validate(structuredClone(definition)));
  } catch (error) {
    return [definitionFinding('definition_invalid', '', (error as Error).message)];
  }
  return errors.map(({ 'Error code': code, Message: message }) => {
    const [, pointer = ''] = /^(\/\S+) is invalid/.exec(message) ?? [];
    return definitionFinding('definition_invalid', pointer, `${code}: ${message}`);
  });
}
