import { StatesError } from './asl/states-error';
import type { TaskRequest } from './integrations';

/** Keys of a role's session. */
export interface RoleSession {
  readonly accessKeyId: string;
  readonly sessionToken: string;
}

/** Whose power a task's call has. */
export interface RoleRequest {
  /** The role that the task names in `Credentials`, else the state machine's own. */
  readonly roleArn: string;
  /** The state machine's own: it must be allowed `sts:AssumeRole` on any other. */
  readonly executionRoleArn: string;
  /** The execution's name, as far as a session's can be that long. */
  readonly sessionName: string;
}

/** Gives keys of a role; undefined stands for the account's own. Throws where the role may not be taken. */
export type AssumeRole = (request: RoleRequest) => RoleSession | undefined | Promise<RoleSession | undefined>;

/** The headers by which a service knows who calls. */
export async function roleHeaders(
  request: TaskRequest,
  service: 'lambda' | 'sqs',
  assumeRole: AssumeRole | undefined,
): Promise<Record<string, string>> {
  const own = { authorization: 'AWS4-HMAC-SHA256 Credential=states' };
  if (assumeRole === undefined) return own;
  const { executionRoleArn, roleArn = executionRoleArn } = request;
  const sessionName = request.executionArn.split(':').at(-1) ?? 'states';
  try {
    const session = await assumeRole({ roleArn, executionRoleArn, sessionName: sessionName.slice(0, 64) });
    if (session === undefined) return own;
    const credential = `Credential=${session.accessKeyId}/20000101/local/${service}/aws4_request`;
    return { authorization: `AWS4-HMAC-SHA256 ${credential}`, 'x-amz-security-token': session.sessionToken };
  } catch (error) {
    throw new StatesError('States.Permissions', `The role '${roleArn}' cannot be assumed: ${(error as Error).message}`);
  }
}

/** `Aws-Header-Name` as Step Functions shows headers: each in a list, and each alone. */
export function httpMetadata(response: Response): object {
  const headers = [...response.headers].filter(([name]) => name !== 'keep-alive');
  return {
    AllHttpHeaders: Object.fromEntries(headers.map(([name, value]) => [name, [value]])),
    HttpHeaders: Object.fromEntries(headers),
    HttpStatusCode: response.status,
  };
}
