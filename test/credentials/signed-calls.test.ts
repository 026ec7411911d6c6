import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { sessionClients } from '../../src/credentials/session-clients';
import { webIdentityCredentials } from '../../src/credentials/web-identity-credentials';
import { startLambdaEndpoint, type LambdaEndpoint } from '../../src/local/lambda/endpoint';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload } from '../../src/offload';
import { asCaller } from '../support/as-caller';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { answers, refuses, startLambdaStub } from '../support/lambda-stub';
import { FUNCTION_ARN } from '../support/tokens';
import {
  AWS_AUDIENCE,
  awsPolicy as policy,
  clerk,
  CLERK_ROLE,
  renderInvoice,
  startWebIdentity,
  type WebIdentityStage,
} from '../support/web-identity';

let stage: WebIdentityStage;
let lambda: LambdaEndpoint;
/** One pool of sockets for all clients. */
let first: LambdaClient;
beforeAll(async () => {
  stage = await startWebIdentity();
  const authorize = stage.sts.sessions.authorize.bind(stage.sts.sessions);
  lambda = await startLambdaEndpoint({ functions: {}, logDirectory: '.', authorize });
  first = new LambdaClient({ endpoint: lambda.url, region: 'eu-west-1', maxAttempts: 1 });
});
afterAll(async () => {
  first.destroy();
  await Promise.all([lambda.stop(), stage.close()]);
});

it('the real SDK signs each call with its caller’s session, and one that was ended is replaced', async () => {
  const credentials = webIdentityCredentials({
    token: stage.source,
    audience: AWS_AUDIENCE,
    endpoint: stage.sts.url,
    clock: () => Date.now(),
  });
  const made: string[] = [];
  const client = sessionClients((given) => {
    made.push(given!.accessKeyId);
    const { requestHandler } = first.config;
    return new LambdaClient({
      endpoint: lambda.url,
      region: 'eu-west-1',
      maxAttempts: 1,
      requestHandler,
      credentials: given!,
    });
  });
  const call = async (subject: string, FunctionName = FUNCTION_ARN): Promise<string> => {
    const given = await credentials.forTarget({ user: clerk(subject), policy }, renderInvoice);
    return client(given)
      .send(new InvokeCommand({ FunctionName }))
      .then(
        () => 'answered',
        (error: unknown) => (error as Error).name,
      );
  };
  // There is no function, which only who may call it is told.
  expect(await call('entra:a')).toBe('ResourceNotFoundException');
  expect(await call('entra:a')).toBe('ResourceNotFoundException');
  expect(await call('entra:b')).toBe('ResourceNotFoundException');
  expect(await call('entra:b', 'pay-invoice')).toBe('AccessDeniedException');
  expect([made.length, new Set(made).size]).toEqual([2, 2]);

  // AWS says that a session has ended before its time: the next call gets a new one, and nobody else does.
  stage.time.now += 3_700_000;
  expect(await call('entra:a')).toBe('ExpiredTokenException');
  expect(await call('entra:a')).toBe('ResourceNotFoundException');
  expect(await call('entra:b')).toBe('ExpiredTokenException');
  expect(await call('entra:b')).toBe('ResourceNotFoundException');
  expect(made).toHaveLength(4);
  expect(stage.sts.sessions.uses.filter(({ allowed }) => !allowed).map(({ resource }) => resource)).toEqual([
    'arn:aws:lambda:eu-west-1:123456789012:function:pay-invoice',
  ]);
});

it('createOffload() calls as the caller’s role, and makes a call again whose session AWS ended: it never ran', async () => {
  const stub = await startLambdaStub();
  const awsRoles = {
    clerk: { members: ['entra:Invoices.Clerk'], permissions: ['invoice:read'], aws: { roleArn: CLERK_ROLE } },
  };
  const offload = createOffload({
    policy: invoicesPolicy({ roles: awsRoles, actors: {}, routes: [] }),
    signer: jwkSigner(relayKeys.handOver.privateJwk),
    clock: testClock,
    clientConfig: { endpoint: stub.clientConfig.endpoint, region: 'eu-west-1' },
    credentials: webIdentityCredentials({ token: stage.source, audience: AWS_AUDIENCE, endpoint: stage.sts.url }),
  });
  stub.answer = (response, call) => {
    const answer = stub.calls.length === 1 ? refuses(403, 'ExpiredTokenException') : answers({ done: true });
    return answer(response, call);
  };
  expect(await asCaller({}, () => offload.invoke('render-invoice', {}))).toEqual({ done: true });
  const sessions = stub.calls.map(({ headers }) => {
    const accessKeyId = /Credential=(\w+)/.exec(headers.authorization!)![1]!;
    return stage.sts.sessions.find(accessKeyId, String(headers['x-amz-security-token']))!;
  });
  expect(sessions.map(({ roleArn }) => roleArn)).toEqual([CLERK_ROLE, CLERK_ROLE]);
  expect(new Set(sessions.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
  expect(sessions[0]!.sessionPolicy?.[0]?.resources).toEqual([FUNCTION_ARN]);
  await stub.close();
});
