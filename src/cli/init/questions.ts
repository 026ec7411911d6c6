import { createInterface, type Interface } from 'node:readline/promises';
import { BatonError } from '../../core/errors';
import { defaultAnswers, type Answers } from '../../scaffold/plan-for';
import type { AppProject } from '../../scaffold/project';

/** A person at a terminal. */
export interface Person {
  /**
   * The answer; the default where it is empty.
   * @throws BatonError `option_invalid` where the person leaves instead
   */
  ask(question: string, usual: string): Promise<string>;
  /** True for yes and nothing else. */
  agrees(question: string): Promise<boolean>;
  leave(): void;
}

/** The person at a terminal; Ctrl-C and the end of the input are the same: they have left. */
export function personAt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Person {
  const lines: Interface = createInterface({ input, output });
  const gone = new AbortController();
  lines.once('close', () => gone.abort());
  /** Undefined from somebody who has left. */
  const answer = async (text: string): Promise<string | undefined> => {
    if (gone.signal.aborted) return undefined;
    try {
      return (await lines.question(text, { signal: gone.signal })).trim();
    } catch (error) {
      if ((error as Error).name === 'AbortError') return undefined;
      throw error;
    }
  };
  return {
    async ask(question, usual) {
      const given = await answer(`${question} (${usual}): `);
      if (given === undefined) throw new BatonError('option_invalid', 'Left without an answer; nothing was written.');
      return given || usual;
    },
    agrees: async (question) => /^y(?:es)?$/i.test((await answer(`${question} [y/N] `)) ?? ''),
    leave: () => lines.close(),
  };
}

/** What is asked where no flag said it: what nobody could guess. The rest has flags. */
const QUESTIONS: readonly (readonly [keyof Answers & ('name' | 'issuer' | 'audience' | 'host' | 'api'), string])[] = [
  ['name', 'Name of the application'],
  ['issuer', 'Issuer of the access tokens that clients send'],
  ['audience', 'Audience of those tokens'],
  ['host', 'Host under which the gateway reaches the IIS site'],
  ['api', 'Kind of API in API Gateway, rest or http'],
];

/** Questions that only an API in API Gateway needs. */
const FOR_GATEWAY = new Set(['host', 'api']);
const FOR_TOKENS = new Set(['issuer', 'audience']);

/** The answers of flags, completed by a person. */
export async function askRest(person: Person, project: AppProject, given: Answers): Promise<Answers> {
  const answers: Record<string, unknown> = { ...given };
  const edge = given.edge ?? 'txn-token';
  for (const [option, question] of QUESTIONS) {
    const applies =
      edge === 'txn-token' ||
      (edge === 'oidc' ? !FOR_GATEWAY.has(option) : !FOR_GATEWAY.has(option) && !FOR_TOKENS.has(option));
    if (!applies || given[option] !== undefined) continue;
    const name = typeof answers['name'] === 'string' ? answers['name'] : project.name;
    answers[option] = await person.ask(question, defaultAnswers({ ...project, name })[option] ?? '');
  }
  return answers;
}
