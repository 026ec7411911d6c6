import { GetExecutionHistoryCommand, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { verifyAuditFiles } from '../../src/logging/audit-verify';
import type { StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import type { AuditFields } from './audit-files';

/** What the endpoint itself says has happened: each event of each execution, as `name#id`, with its type. */
export async function histories(states: StepFunctionsEndpoint, machine: string): Promise<Map<string, string>> {
  const client = new SFNClient(clientConfigOf(states));
  const events = new Map<string, string>();
  for await (const page of paginateListExecutions({ client }, { stateMachineArn: states.arnOf(machine) })) {
    for (const { executionArn, name } of page.executions ?? []) {
      let nextToken: string | undefined;
      do {
        const input = { executionArn, maxResults: 1000, ...(nextToken !== undefined && { nextToken }) };
        const answer = await client.send(new GetExecutionHistoryCommand(input));
        for (const { id, type } of answer.events ?? []) events.set(`${name}#${id}`, String(type));
        ({ nextToken } = answer);
      } while (nextToken !== undefined);
    }
  }
  client.destroy();
  return events;
}

/** What goes to clients of the SDK so that they ask this endpoint. */
export const clientConfigOf = ({ url }: { readonly url: string }): Readonly<Record<string, unknown>> => ({
  endpoint: url,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** The transitions among the lines of a trail. */
export const transitionsIn = (lines: readonly AuditFields[]): AuditFields[] =>
  lines.filter(({ event }) => event === 'workflow_transition');

/** Where the trail differs from the histories: what is missing, what is there twice, what never happened. */
export function differences(lines: readonly AuditFields[], expected: ReadonlyMap<string, string>): string[] {
  const found = new Map<string, number>();
  const wrong: string[] = [];
  for (const { execution, eventId, eventType } of transitionsIn(lines)) {
    const key = `${String(execution)}#${String(eventId)}`;
    found.set(key, (found.get(key) ?? 0) + 1);
    if (expected.get(key) !== eventType) wrong.push(`${key} never was ${String(eventType)}`);
  }
  for (const key of expected.keys()) {
    const count = found.get(key) ?? 0;
    if (count !== 1) wrong.push(`${key} is there ${count} times`);
  }
  return wrong;
}

/** What `baton audit verify` would find wrong. */
export async function faultsOf(trailFile: string): Promise<string[]> {
  const folder = dirname(trailFile);
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const report = await verifyAuditFiles(files.map((name) => join(folder, name)));
  return report.files.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault.message}`]));
}
