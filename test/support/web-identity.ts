import type { AccessPolicy } from '../../src/core/access';
import type { CredentialsTarget } from '../../src/core/credentials';
import type { Identity } from '../../src/core/identity';
import type { TokenSource } from '../../src/core/token-source';
import { startStsEndpoint, type RoleDefinition, type StsEndpoint } from '../../src/local/sts/endpoint';
import { startKeyServer, type KeyServer } from './key-server';
import { makeIdentity, makePolicy } from './policies';
import { forge, FUNCTION_ARN, makeKey } from './tokens';

/** The audience of the tokens that AWS is shown. */
export const AWS_AUDIENCE = 'api://invoices-aws';
export const ACCOUNT = '123456789012';
export const CLERK_ROLE = `arn:aws:iam::${ACCOUNT}:role/invoices-clerk`;

const key = makeKey('RS256');

/** The policy of the invoices with an AWS role for clerks. */
export const awsPolicy: AccessPolicy = makePolicy({
  roles: { clerk: { permissions: ['invoice:read'], aws: { roleArn: CLERK_ROLE } } },
  actors: { copilot: { permissions: ['invoice:read'], roles: ['clerk'] }, stray: { permissions: ['invoice:read'] } },
  routes: [],
});

/** A clerk of that ID. */
export const clerk = (subject = 'entra:ada', actors: readonly string[] = []): Identity => ({
  ...makeIdentity({ roles: ['clerk'], actors }),
  subject,
});

export const renderInvoice: CredentialsTarget = {
  kind: 'function',
  name: 'render-invoice',
  arn: FUNCTION_ARN,
  actions: ['lambda:InvokeFunction'],
};

/** A time that tests move, in milliseconds. */
export interface TestTime {
  now: number;
}

/** What signs in to AWS: an issuer that publishes its key, and an STS that trusts it. */
export interface WebIdentityStage {
  readonly issuer: KeyServer;
  readonly sts: StsEndpoint;
  readonly time: TestTime;
  /** A token of the app's; claims can be replaced. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string;
  /** Gives such tokens, and counts. */
  readonly source: TokenSource & { asked: number };
  close(): Promise<void>;
}

/** The trust policy that the documentation shows, for an issuer. */
export const trustPolicy = (
  issuer: string,
  subject = 'app-1',
  actions: unknown = 'sts:AssumeRoleWithWebIdentity',
): object => {
  const provider = issuer.replace(/^https?:\/\//, '');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${provider}` },
        Action: actions,
        Condition: { StringEquals: { [`${provider}:aud`]: AWS_AUDIENCE, [`${provider}:sub`]: subject } },
      },
    ],
  };
};

export const invokePolicy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:*` },
  ],
};

/** Starts an issuer and an STS with the role of clerks, and others that are given. */
export async function startWebIdentity(
  more: (issuer: string) => Readonly<Record<string, RoleDefinition>> = () => ({}),
): Promise<WebIdentityStage> {
  const time = { now: Date.now() };
  const issuer = await startKeyServer([key.publicJwk]);
  const sts = await startStsEndpoint({
    providers: [{ url: issuer.issuer, audiences: [AWS_AUDIENCE] }],
    roles: { [CLERK_ROLE]: { trustPolicy: trustPolicy(issuer.issuer), policy: invokePolicy }, ...more(issuer.issuer) },
    clock: () => time.now,
  });
  const token: WebIdentityStage['token'] = (claims = {}, header = {}) => {
    const iat = Math.floor(time.now / 1000);
    const standard = { iss: issuer.issuer, aud: AWS_AUDIENCE, sub: 'app-1', iat, exp: iat + 3600 };
    return forge({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header }, { ...standard, ...claims }, key);
  };
  const source = {
    asked: 0,
    async token() {
      source.asked++;
      return { token: token(), expiresAt: Math.floor(time.now / 1000) + 3600 };
    },
  };
  return {
    issuer,
    sts,
    time,
    token,
    source,
    async close() {
      await Promise.all([sts.stop(), issuer.close()]);
    },
  };
}
