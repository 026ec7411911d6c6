import { BatonError } from '../../core/errors';

type Yaml = typeof import('yaml');

/** Aliases in YAML can be nested so that a small file becomes a large definition. */
const MAX_ALIASES = 100;

/**
 * The definition in a file's text: JSON, or YAML where the file's name says so, as SAM takes both.
 *
 * @param file its name, for what goes wrong
 * @throws BatonError `option_invalid`
 * @see https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
 */
export function parseDefinition(file: string, text: string): unknown {
  const isYaml = /\.ya?ml$/i.test(file);
  try {
    return isYaml ? fromYaml(text) : (JSON.parse(text) as unknown);
  } catch (cause) {
    const [what = ''] = (cause as Error).message.split('\n');
    throw new BatonError('option_invalid', `${file} is not ${isYaml ? 'YAML' : 'JSON'}: ${what}`, { cause });
  }
}

function fromYaml(text: string): unknown {
  const yaml = require('yaml') as Yaml;
  const document = yaml.parseDocument(text, { schema: 'core', uniqueKeys: true });
  // A tag that is not known is a warning: what stands behind `!Sub` would be read as if it stood there alone.
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) throw wrong;
  const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  // Numbers that JSON has no word for, and what is shared by aliases, are AWS's no more than JSON's.
  return JSON.parse(JSON.stringify(data ?? null)) as unknown;
}
