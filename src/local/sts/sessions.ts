import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock';
import { evaluatePolicy, type PolicyStatement } from '../gateway/iam-policy';

/** A session that was given out. */
export interface StsSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly roleArn: string;
  readonly sessionName: string;
  /** `arn:aws:sts::123456789012:assumed-role/<role>/<session>`. */
  readonly userArn: string;
  /** What the role's own policies say. */
  readonly rolePolicy: readonly PolicyStatement[];
  /** What is left of that; undefined where the session was not narrowed. */
  readonly sessionPolicy: readonly PolicyStatement[] | undefined;
}

/** What somebody with credentials wants to do. */
export interface SessionRequest {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly action: string;
  readonly resource: string;
}

/** What the service that is asked answers, or undefined where the session may. */
export interface SessionRefusal {
  readonly status: 403;
  readonly type: 'UnrecognizedClientException' | 'ExpiredTokenException' | 'AccessDeniedException';
  readonly message: string;
}

/** One line of what CloudTrail would show: who asked a service for what, and whether it was let. */
export interface SessionUse {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** So many sessions are known; the oldest is forgotten first. */
const MAX_SESSIONS = 10_000;
/** So many uses are kept; older ones are forgotten. */
const MAX_USES = 1000;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const accessKey = (): string => `ASIA${[...randomBytes(16)].map((byte) => BASE32[byte % 32] ?? '').join('')}`;

const refusal = (type: SessionRefusal['type'], message: string): SessionRefusal => ({ status: 403, type, message });

/** The sessions that an STS endpoint gave out, and what is done with them. */
export class StsSessions {
  readonly #sessions = new Map<string, StsSession>();
  readonly #uses: SessionUse[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What was done with the sessions, the latest last; 1,000 at most. */
  get uses(): readonly SessionUse[] {
    return this.#uses;
  }

  /** Opens a session. */
  open(
    role: Pick<StsSession, 'roleArn' | 'sessionName' | 'userArn' | 'rolePolicy' | 'sessionPolicy'>,
    durationSeconds: number,
  ): StsSession {
    const session = {
      ...role,
      accessKeyId: accessKey(),
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(150).toString('base64'),
      // STS writes whole seconds.
      expiresAt: (Math.floor(this.#clock() / 1000) + durationSeconds) * 1000,
    };
    this.#sessions.set(session.accessKeyId, session);
    const [oldest = ''] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
    return session;
  }

  /** The session of these credentials, ended or not. */
  find(accessKeyId: string, sessionToken: string | undefined): StsSession | undefined {
    const session = this.#sessions.get(accessKeyId);
    return session?.sessionToken === sessionToken ? session : undefined;
  }

  /**
   * Whether a session may do it: what its role and its session policy both allow. Keys that are none of a session, such as the
   * relay's own, are the account's and may do everything.
   */
  authorize({ accessKeyId, sessionToken, action, resource }: SessionRequest): SessionRefusal | undefined {
    if (!accessKeyId.startsWith('ASIA')) return undefined;
    const session = this.find(accessKeyId, sessionToken);
    if (session === undefined) {
      return refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    if (this.#clock() >= session.expiresAt) {
      return refusal('ExpiredTokenException', 'The security token included in the request is expired');
    }
    const { roleArn, sessionName, userArn } = session;
    const lacking = lackingPolicy(session, action, resource);
    this.#uses.push({ roleArn, sessionName, action, resource, allowed: lacking === undefined });
    if (this.#uses.length > MAX_USES) this.#uses.shift();
    if (lacking === undefined) return undefined;
    const because = `because no ${lacking} policy allows the ${action} action`;
    return refusal(
      'AccessDeniedException',
      `User: ${userArn} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
    );
  }
}

function lackingPolicy(
  { rolePolicy, sessionPolicy }: StsSession,
  action: string,
  resource: string,
): 'identity-based' | 'session' | undefined {
  if (evaluatePolicy(rolePolicy, action, resource) !== 'allow') return 'identity-based';
  if (sessionPolicy !== undefined && evaluatePolicy(sessionPolicy, action, resource) !== 'allow') return 'session';
  return undefined;
}
