import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SendTaskFailureCommand } from '@aws-sdk/client-sfn';
import { clientFor, startBench, type Bench } from '../local/step-functions/support';
import { answers, fails, startLambdaStub } from './lambda-stub';
import { waitFor } from './wait';

const file = path.join(__dirname, '..', '..', 'examples', 'approval', 'approve-invoice.asl.json');

/** The definition of `examples/approval`, its substitutions filled. */
export const approvalDefinition = (): object =>
  JSON.parse(
    readFileSync(file, 'utf8').replaceAll('${AwsRegion}', 'eu-west-1').replaceAll('${AwsAccount}', '123456789012'),
  ) as object;

/** Executions of the example's machine, with functions that answer as the invoice says. */
export interface ApprovalRuns {
  readonly bench: Bench;
  /** Starts one and waits for its end, or for a person. */
  run(invoice: 'waits' | 'small' | 'busy' | 'refused' | 'rejected'): Promise<string>;
  stop(): Promise<void>;
}

const error = (errorType: string): object => ({ errorType, errorMessage: `<b>${errorType}</b>, because` });

/** Starts Step Functions with the machine. */
export async function startApprovalRuns(): Promise<ApprovalRuns> {
  const lambda = await startLambdaStub();
  let tokenOfRejected = '';
  lambda.answer = (response, call) => {
    const { state, payload, taskToken } = call.event as {
      state: string;
      payload: { invoice?: string; costCentre?: string; supplier?: string; attempt?: number };
      taskToken?: string;
    };
    if (state === 'Validate') {
      return answers({ supplier: payload.invoice, costCentre: payload.invoice })(response, call);
    }
    if (state === 'CheckSupplier' && payload.supplier === 'refused')
      return fails(error('SupplierUnknown'))(response, call);
    if (state === 'CheckBudget' && payload.costCentre === 'busy' && payload.attempt === 0) {
      return fails(error('BudgetServiceBusy'))(response, call);
    }
    if (payload.invoice === 'rejected' && taskToken !== undefined) tokenOfRejected = taskToken;
    return answers({ receipt: 'R-1' })(response, call);
  };
  const lambdaUrl = String(lambda.clientConfig['endpoint']);
  const bench = await startBench({ 'approve-invoice': approvalDefinition() }, { lambdaUrl });
  const client = clientFor(bench.endpoint.url);
  const stateOf = async (arn: string): Promise<string | undefined> =>
    (await bench.history(arn)).findLast(({ stateEnteredEventDetails }) => stateEnteredEventDetails)
      ?.stateEnteredEventDetails?.name;
  return {
    bench,
    async run(invoice) {
      const input = { invoice, amount: invoice === 'small' ? 90 : 480, caller: { handOver: 'none' } };
      const arn = await bench.start('approve-invoice', input);
      if (invoice === 'small' || invoice === 'refused') await bench.ended(arn);
      else await waitFor('the approval', async () => (await stateOf(arn)) === 'Approval');
      if (invoice === 'rejected') {
        const taskToken = await waitFor('the token', () => tokenOfRejected);
        await client.send(new SendTaskFailureCommand({ taskToken, error: 'baton.rejected', cause: '{"by":"ben"}' }));
        await bench.ended(arn);
      }
      return arn;
    },
    async stop() {
      client.destroy();
      await bench.stop();
      await lambda.close();
    },
  };
}
