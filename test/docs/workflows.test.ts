import { compilePolicy } from '../../src/policy/policy';
import { checkDefinition } from '../../src/workflows/definition/check';
import { DEFINITION_FINDING_LEVELS } from '../../src/workflows/definition/finding';
import { invoicesDocument } from '../support/invoices';
import { block, codeIn, rowsOf, sectionsOf } from './markdown';

const PAGE = 'docs/workflows.md';
const part = JSON.parse(block(PAGE, 'json', 'policy-part')) as Record<string, object>;
const state = JSON.parse(block(PAGE, 'json', 'state')) as Record<string, object>;
const asking = JSON.parse(block(PAGE, 'json', 'approval-state')) as Record<string, object>;

describe('docs/workflows.md', () => {
  it('shows states in which nothing is found beside their policy', () => {
    const filled = JSON.parse(JSON.stringify(part).replaceAll('${AWS_ACCOUNT}', '123456789012')) as object;
    const { workflows, functions } = compilePolicy({ ...invoicesDocument, ...filled }, {});
    const workflow = workflows['approve-invoice']!;
    const { FunctionName, Payload } = state.Parameters as { FunctionName: string; Payload: object };
    const Parameters = { FunctionName, Payload: { ...Payload, 'approval.$': '$.approval' } };
    const pay = { ...state, Parameters, End: true, Next: undefined };
    const check = { ...state, Next: 'Approve' };
    const States = { Check: check, Approve: asking, Pay: pay, Failed: { Type: 'Fail' } };
    const definition = { StartAt: 'Check', States };
    const findings = checkDefinition(JSON.parse(JSON.stringify(definition)), { workflow, functions });
    expect(findings.map(({ code, names }) => [code, ...names])).toEqual([
      // The page has one state; the other step calls a function of its own.
      ['step_of_other_function', 'Pay', 'check-invoice', 'pay-invoice'],
    ]);
  });

  it('lists the findings, each once', () => {
    const rows = rowsOf(sectionsOf(PAGE).get('What the check finds') ?? '');
    expect(rows.flatMap(([codes]) => codeIn(codes!)).sort()).toEqual(Object.keys(DEFINITION_FINDING_LEVELS).sort());
  });
});
