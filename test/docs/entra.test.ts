import { AADSTS } from '../../src/core/aadsts';
import { FEDERATION_AUDIENCE } from '../../src/entra/credential';
import type { Problem } from '../../src/core/errors';
import { relayEntraShape } from '../../src/local/relay-entra';
import { block, blocksOf, codeIn, rowsOf, sectionsOf } from './markdown';

const PAGE = 'docs/entra.md';
const sections = sectionsOf(PAGE);

it('explains each AADSTS number that Baton knows, in its words', () => {
  const [, rows] = (sections.get('What Entra refuses') ?? '').split('| AADSTS |');
  const listed = rowsOf(`| AADSTS |${rows!.split('\n\n')[0]}`);
  const known = Object.entries(AADSTS).map(([number, { advice, passing }]) => [
    number,
    passing ? `${advice} Tried again.` : advice,
  ]);
  expect(listed.map(([number, advice]) => [codeIn(number!)[0], advice])).toEqual(known);
});

describe('its set-up', () => {
  const credential = JSON.parse(block(PAGE, 'json', 'federated-credential')) as Record<string, string | string[]>;

  it('trusts a token as Baton asks for it', () => {
    expect(credential.audiences).toEqual([FEDERATION_AUDIENCE]);
    const [{ Action: action, Condition: condition }] = (
      JSON.parse(block(PAGE, 'json', 'iam')) as { Statement: [{ Action: string; Condition: object }] }
    ).Statement;
    expect(action).toBe('sts:GetWebIdentityToken');
    expect(Object.assign({}, ...Object.values(condition))).toEqual({
      'sts:IdentityTokenAudience': FEDERATION_AUDIENCE,
      'sts:SigningAlgorithm': 'RS256',
      'sts:DurationSeconds': '300',
    });
  });

  it('says the same in PowerShell', () => {
    const script = block(PAGE, 'powershell', 'entra');
    const { name, issuer, subject } = credential;
    for (const value of [name, issuer, subject, FEDERATION_AUDIENCE]) expect(script).toContain(`'${String(value)}'`);
  });

  it('is made of commands of AWS and of Entra', () => {
    const commands = blocksOf(PAGE).filter(({ language, kind }) => language === 'sh' && kind === 'entra');
    const lines = commands.flatMap(({ text }) => text.split('\n'));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => !/^(?:aws iam|az ad (?:app|sp)) [a-z-]+/.test(line))).toEqual([]);
  });
});

it('its part of baton.dev.json is one that the relay takes', () => {
  const problems: Problem[] = [];
  relayEntraShape.check(JSON.parse(block(PAGE, 'json', 'relay-entra')), '/entra', problems);
  expect(problems).toEqual([]);
});
