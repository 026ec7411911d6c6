import { MAX_DATA_BYTES } from './run';
import { ServiceError } from './service-error';

/**
 * The input of an execution that starts, as text.
 * @throws ServiceError `InvalidExecutionInput`
 */
export function checkInput(input: string): string {
  const refuse = (why: string): ServiceError =>
    new ServiceError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${why}'`);
  if (Buffer.byteLength(input) > MAX_DATA_BYTES) throw refuse('The input is larger than 262144 bytes.');
  if (input.trim() === '') throw refuse('Invalid execution input.');
  try {
    JSON.parse(input);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  return input;
}
