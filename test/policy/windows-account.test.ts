import { windowsAccount } from '../../src/policy/windows-account';

it.each([
  ['CORP\\bob', 'CORP', 'bob'],
  ['corp\\Bob', 'CORP', 'bob'],
  ['NT AUTHORITY\\SYSTEM', undefined, undefined],
  ['web-01\\svc account$', 'WEB-01', 'svc account$'],
  [`${'d'.repeat(64)}\\${'u'.repeat(104)}`, 'D'.repeat(64), 'u'.repeat(104)],
  [`${'d'.repeat(65)}\\u`, undefined, undefined],
  [`d\\${'u'.repeat(105)}`, undefined, undefined],
  ['bob', undefined, undefined],
  ['CORP\\', undefined, undefined],
  ['\\bob', undefined, undefined],
  ['CORP\\OU\\bob', undefined, undefined],
  ['CORP/bob', undefined, undefined],
  ['bob@corp.example', undefined, undefined],
  ['CORP\\b?b', undefined, undefined],
  ['C?RP\\bob', undefined, undefined],
  [' CORP\\bob', undefined, undefined],
  ['CORP\\bob\n', undefined, undefined],
  ['x\nCORP\\bob', undefined, undefined],
])('%j is the account of %s and %s', (text, domain, user) => {
  expect(windowsAccount(text)).toEqual(
    domain === undefined || user === undefined ? undefined : { name: `${domain}\\${user}`, domain, user },
  );
});
