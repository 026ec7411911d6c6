import { explain } from '../../src/cli/explain';
import { ERROR_TABLE } from '../../src/core/error-codes';
import { RULES } from '../../src/doctor/rules';

let printed: string;
beforeEach(() => {
  printed = '';
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (printed += `${text}\n`));
});
afterEach(() => jest.restoreAllMocks());

const explained = (...args: string[]): string => {
  printed = '';
  explain(args);
  return printed;
};

it('lists each code, and says who has to act', () => {
  const codes = explained()
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(/ +/));
  expect(codes).toEqual(Object.entries(ERROR_TABLE).map(([code, { status, kind }]) => [code, String(status), kind]));
});

it.each([...Object.keys(ERROR_TABLE), ...RULES.map(({ code }) => code)])('explains %s', (code) => {
  const [title, , ...text] = explained(code).split('\n');
  expect(title).toBe(code);
  // The next heading belongs to another code; what a terminal cannot follow or show is told in words.
  expect(text.join('\n')).not.toMatch(/^#|\]\(|\*\*|^\|/m);
  expect(text.join('\n').length).toBeGreaterThan(150);
});

it('takes the type of a problem as well', () => {
  expect(explained('urn:iis-baton:error:permission_denied')).toBe(explained('permission_denied'));
});

it('explains one reason, whether it stands in a table or in the text', () => {
  expect(explained('token_invalid', 'expired')).toMatch(
    /^token_invalid\n\n {2}expired\n {6}`exp` has passed.*\n {6}check/,
  );
  expect(explained('token_invalid', 'expired')).not.toContain('not_yet_valid');
  expect(explained('outbox_full', 'disk')).toContain('`disk` where the disk is full');
});

it('names pages by their path in the package', () => {
  expect(explained('function_throttled')).toContain('docs/offload.md, section "limits"');
});

it.each<[string[], RegExp]>([
  [['policy_invald'], /The code "policy_invald" is not known here; did you mean "policy_invalid"\?/],
  [['nonsense'], /"nonsense" is not known here\. Without a code, baton explain lists them\.\n\nUsage: baton explain/],
  [['token_invalid', 'expird'], /The reason of token_invalid "expird" .*did you mean "expired"\?/],
  [['token_invalid', 'expired', 'now'], /"now" is one argument too many/],
])('refuses %j', (args, message) => {
  expect(() => explained(...args)).toThrow(message);
});
