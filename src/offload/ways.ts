import type { AwsCredentials } from '../core/credentials';
import type { FunctionDocument } from '../policy/document';
import { httpsTransport } from './https-transport';
import { lambdaAccess, lambdaTransport } from './lambda-client';
import type { Transport } from './transport';

/** The way to a function: how it is sent, and what AWS must allow for that. */
export interface FunctionWay {
  readonly transport: Transport;
  /** Whether calls are signed with AWS credentials. */
  readonly signed: boolean;
  /** The one thing that credentials are needed for. */
  readonly resource: { readonly name: string; readonly arn: string; readonly action: string };
}

/** Finds the way to each function. */
export type FunctionWays = (name: string, document: FunctionDocument) => FunctionWay;

/** The methods of a gateway, by the ARN that `execute-api:Invoke` is allowed on; behind a name of one's own, of all. */
function gatewayArn(target: string, url: string): string {
  const [, partition, , region, account] = target.split(':');
  const [, api = '*'] = /^https:\/\/([a-z0-9]+)(?:-vpce-[a-z0-9]+)?\.execute-api\./.exec(url) ?? [];
  return `arn:${partition ?? 'aws'}:execute-api:${region ?? ''}:${account ?? ''}:${api}/*`;
}

/**
 * By Invoke, or through API Gateway where the policy says so.
 *
 * @param clientConfig passed to the SDK's `new LambdaClient()`
 * @throws BatonError `option_invalid`
 */
export function functionWays(clientConfig: Readonly<Record<string, unknown>>): FunctionWays {
  const access = lambdaAccess(clientConfig);
  const invoke = lambdaTransport(access);
  // The SDK's client finds credentials as it would for itself: environment, profile, credential_process, instance role.
  const ownCredentials = async (): Promise<AwsCredentials> => access().client(undefined).config.credentials();
  return (name, { target, https }) => {
    if (https === undefined) {
      return { transport: invoke, signed: true, resource: { name, arn: target, action: 'lambda:InvokeFunction' } };
    }
    const { url, auth = 'bearer' } = https;
    return {
      transport: httpsTransport({ url, auth }, ownCredentials),
      signed: auth === 'sigv4',
      resource: { name, arn: gatewayArn(target, url), action: 'execute-api:Invoke' },
    };
  };
}
