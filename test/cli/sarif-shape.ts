import Ajv from 'ajv';

const text = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', minLength: 1 } },
};
const object = (
  properties: Record<string, unknown>,
  required: readonly string[] = Object.keys(properties),
): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const list = (items: object, minItems = 0): object => ({ type: 'array', items, minItems });
const level = { enum: ['none', 'note', 'warning', 'error'] };
/** RFC 3986: a relative reference without what would have to be escaped. */
const artifactLocation = object({ uri: { type: 'string', pattern: "^(?![a-z]+:)[A-Za-z0-9._~!$&'()*+,;=:@%/-]+$" } });
const position = { type: 'integer', minimum: 1 };
const count = { type: 'integer', minimum: 0 };

/**
 * The part of SARIF 2.1.0 that is used, with the members that the standard demands. Strict: a member that the standard does
 * not know would be a mistake too.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
const SHAPE = object({
  $schema: { const: 'https://json.schemastore.org/sarif-2.1.0.json' },
  version: { const: '2.1.0' },
  runs: list(
    object({
      tool: object({
        driver: object({
          name: { type: 'string', minLength: 1 },
          version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' },
          rules: list(
            object({
              id: { type: 'string', pattern: '^[a-z0-9-]+$' },
              shortDescription: text,
              help: text,
              defaultConfiguration: object({ level }),
            }),
            1,
          ),
        }),
      }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: list(
        object(
          {
            ruleId: { type: 'string' },
            ruleIndex: count,
            level,
            message: text,
            locations: list(
              object({
                physicalLocation: object({
                  artifactLocation,
                  region: object({ startLine: position, startColumn: position }, ['startLine']),
                }),
              }),
              1,
            ),
            fixes: list(
              object({
                description: text,
                artifactChanges: list(
                  object({
                    artifactLocation,
                    replacements: list(
                      object({
                        deletedRegion: object({ charOffset: count, charLength: count }),
                        insertedContent: object({ text: { type: 'string' } }),
                      }),
                      1,
                    ),
                  }),
                  1,
                ),
              }),
              1,
            ),
          },
          ['ruleId', 'ruleIndex', 'level', 'message', 'locations'],
        ),
      ),
    }),
    1,
  ),
});

const validate = new Ajv({ allErrors: true }).compile(SHAPE);

/** What is wrong with a SARIF log; empty where nothing is. */
export function sarifShape(log: unknown): readonly string[] {
  validate(log);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}
