import * as valibot from 'valibot';
import { z } from 'zod';
import { BatonError } from '../../src/core/errors';
import { inputCheck, type InputSchema } from '../../src/offload/input';
import { thrownBy } from '../support/errors';

const jsonSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer', minimum: 1 },
    'a/b': { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['id'],
  additionalProperties: false,
};
const schemas: readonly (readonly [string, InputSchema])[] = [
  ['JSON Schema', jsonSchema],
  ['JSON Schema draft-07', { ...jsonSchema, $schema: 'http://json-schema.org/draft-07/schema#' }],
  ['zod', z.strictObject({ id: z.int().min(1), 'a/b': z.string().optional(), tags: z.array(z.string()).optional() })],
  [
    'valibot',
    valibot.strictObject({
      id: valibot.pipe(valibot.number(), valibot.integer(), valibot.minValue(1)),
      'a/b': valibot.optional(valibot.string()),
      tags: valibot.optional(valibot.array(valibot.string())),
    }),
  ],
];

describe.each(schemas)('a payload by %s', (_name, schema) => {
  const check = inputCheck('render-invoice', schema);

  it.each([[{ id: 7 }], [{ id: 1, 'a/b': 'x', tags: [] }]])('passes as %j', async (payload) => {
    expect(await check(payload)).toEqual(payload);
  });

  it.each([
    ['a value out of range', { id: 0 }, '/id'],
    ['another type', { id: 'secret-value' }, '/id'],
    ['a member with a slash', { id: 1, 'a/b': 7 }, '/a~1b'],
    ['a member of a list', { id: 1, tags: ['a', 7] }, '/tags/1'],
    ['no object', 'secret-value', ''],
    ['nothing', undefined, ''],
  ])('does not pass with %s, and nothing of it is quoted', async (_what, payload, pointer) => {
    const error = await thrownBy(async () => check(payload));
    expect(error).toBeInstanceOf(BatonError);
    expect(error).toMatchObject({ code: 'input_invalid', status: 400, kind: 'caller' });
    expect(error.problems.map((problem) => problem.pointer)).toContain(pointer);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('secret-value');
  });

  it.each([
    ['a member missing', {}],
    ['a member too many', { id: 1, more: 2 }],
  ])('does not pass with %s', async (_what, payload) => {
    expect(await thrownBy(async () => check(payload))).toMatchObject({ code: 'input_invalid' });
  });
});

it("sends a Standard Schema's output, also one that takes its time", async () => {
  const later = z.object({ id: z.string().transform((id) => Promise.resolve(Number(id))) });
  expect(await inputCheck('f', later)({ id: '7', more: 1 })).toEqual({ id: 7 });
});

it.each([
  ['nothing', null],
  ['a text', 'object'],
  ['a keyword that does not exist', { tpye: 'object' }],
  ['a type that does not exist', { type: 'objekt' }],
  ['a schema whose verdict is a promise', { $async: true, type: 'object' }],
  [
    'a Standard Schema of another version',
    { '~standard': { version: 2, vendor: 'x', validate: () => ({ value: 1 }) } },
  ],
])('does not take %s for a schema', (_what, schema) => {
  expect(() => inputCheck('render-invoice', schema as InputSchema)).toThrow(
    expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining('render-invoice') }),
  );
});

it('says what to install', () => {
  jest.isolateModules(() => {
    jest.doMock('ajv/dist/2020', () => {
      throw new Error('Cannot find module');
    });
    const alone = require('../../src/offload/input') as typeof import('../../src/offload/input');
    expect(() => alone.inputCheck('f', {})).toThrow(
      expect.objectContaining({ code: 'peer_missing', message: expect.stringContaining('npm install ajv') }),
    );
    jest.dontMock('ajv/dist/2020');
  });
});
