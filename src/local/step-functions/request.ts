import { isRecord } from '../is-record';
import { ServiceError, validationError } from './service-error';

/** The members of a request, read one by one by what they must be. */
export class ApiRequest {
  readonly #members: Readonly<Record<string, unknown>>;
  /** The header `X-Amzn-Trace-Id`; it goes before the parameter. */
  readonly traceHeader: string | undefined;

  constructor(body: unknown, traceHeader: string | undefined) {
    if (!isRecord(body)) throw new ServiceError('SerializationException', 'The request is not a JSON object.');
    this.#members = body;
    this.traceHeader = traceHeader;
  }

  /**
   * A text.
   * @throws ServiceError `SerializationException`, `ValidationException`
   */
  text(name: string, maxLength = Infinity): string | undefined {
    const value = this.#members[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new ServiceError('SerializationException', `${name} is not a string.`);
    if (value.length > maxLength) {
      throw validationError(value, name, `Member must have length less than or equal to ${maxLength}`);
    }
    return value;
  }

  requiredText(name: string, maxLength?: number): string {
    const value = this.text(name, maxLength);
    if (value === undefined) throw validationError('null', name, 'Member must not be null');
    return value;
  }

  /** One of a few texts. */
  choice<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = values.find((known) => known === value);
    if (found === undefined)
      throw validationError(value, name, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return found;
  }

  /** True or false. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.#members[name] ?? fallback;
    if (typeof value !== 'boolean') throw new ServiceError('SerializationException', `${name} is not a boolean.`);
    return value;
  }

  /** How many a page holds: 1 to 1,000; 0 stands for the default. */
  maxResults(fallback: number): number {
    const value = this.#members['maxResults'] ?? 0;
    if (!Number.isInteger(value)) throw new ServiceError('SerializationException', 'maxResults is not a whole number.');
    const count = value as number;
    if (count > 1000) throw validationError(count, 'maxResults', 'Member must have value less than or equal to 1000');
    if (count < 0) throw validationError(count, 'maxResults', 'Member must have value greater than or equal to 0');
    return count === 0 ? fallback : count;
  }

  /** An ARN of Step Functions. */
  arn(name: string): string {
    const value = this.requiredText(name, 2048);
    if (!/^arn:aws[a-z-]*:states:/.test(value)) {
      throw new ServiceError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${value}'`);
    }
    return value;
  }
}
