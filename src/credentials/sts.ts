import type { AwsCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { attempts, exchange, unavailable, type Answer, type Wire } from './http';
import { stsError, type StsFault } from './sts-errors';
import { checkWebIdentity, webIdentityFacts } from './web-identity';

/** One exchange of a token for credentials. */
export interface AssumeRoleRequest {
  readonly endpoint: URL;
  readonly region: string;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly sessionPolicy: string;
  readonly durationSeconds: number;
  readonly token: string;
}

/** Credentials, and for how long from now they are good. */
export interface Session {
  readonly credentials: AwsCredentials;
  readonly lifetimeMs: number;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The text of the first element of that name. STS's answers are flat, and their element names are its own. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? '');
}

/** STS quotes what it does not take, a token too. */
function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '(token)').replace(/eyJ[\w-]*(\.[\w-]*)*/g, '(token)');
}

function faultOf({ text }: Answer, token: string): StsFault | undefined {
  const code = element(text, 'Code');
  if (code === undefined || !/^[A-Za-z]{1,64}$/.test(code)) return undefined;
  return { code, message: withoutToken(element(text, 'Message') ?? '', token) };
}

/**
 * The session in an answer. How long it lasts is told by the difference of two times of AWS's, so that a clock of ours that is
 * wrong neither shortens nor stretches it.
 */
function sessionOf({ text, headers }: Answer, durationSeconds: number): Session | undefined {
  const accessKeyId = element(text, 'AccessKeyId');
  const secretAccessKey = element(text, 'SecretAccessKey');
  const sessionToken = element(text, 'SessionToken');
  const expiration = new Date(element(text, 'Expiration') ?? NaN);
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiration.getTime())) return undefined;
  const answeredAt = Date.parse(headers.get('date') ?? '');
  const asked = durationSeconds * 1000;
  const lifetimeMs = Number.isNaN(answeredAt) ? asked : Math.min(asked, expiration.getTime() - answeredAt);
  return { credentials: Object.freeze({ accessKeyId, secretAccessKey, sessionToken, expiration }), lifetimeMs };
}

function formOf({ roleArn, sessionName, sessionPolicy, durationSeconds, token }: AssumeRoleRequest): URLSearchParams {
  return new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
    Policy: sessionPolicy,
    DurationSeconds: String(durationSeconds),
  });
}

async function ask(request: AssumeRoleRequest, wire: Wire): Promise<Session> {
  const { endpoint, region, roleArn, durationSeconds, token } = request;
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', accept: 'text/xml' };
  let answer: Answer;
  try {
    answer = await exchange(wire, endpoint, { method: 'POST', headers, body: formOf(request).toString() });
  } catch (cause) {
    throw unavailable('sts', `STS in ${region} could not be reached at ${endpoint.origin}.`, cause);
  }
  const session = answer.status === 200 ? sessionOf(answer, durationSeconds) : undefined;
  if (session !== undefined) return session;
  throw stsError(faultOf(answer, token), answer, { roleArn, region, durationSeconds, token: webIdentityFacts(token) });
}

/**
 * Exchanges a token for the credentials of a role: `AssumeRoleWithWebIdentity`, an unsigned form, so that no AWS key is needed
 * to ask. Three attempts where STS is away, throttles, or cannot reach the identity provider.
 *
 * @throws BatonError `credentials_refused`, `credentials_unavailable`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export async function assumeRoleWithWebIdentity(request: AssumeRoleRequest, wire: Wire): Promise<Session> {
  checkWebIdentity(request.token);
  return attempts(wire, () => ask(request, wire));
}

/**
 * Where STS is: regional, because the global endpoint is one region that everybody waits for.
 *
 * @param given the address of another one, in a test or a VPC; https, or http to this machine
 * @throws BatonError `credentials_refused` for a region that is none
 */
export function stsEndpoint(region: string, given: URL | undefined): URL {
  if (given !== undefined) return given;
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new BatonError('credentials_refused', 'The region of the call is none of AWS.', { reason: 'region_unknown' });
  }
  return new URL(`https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`);
}
