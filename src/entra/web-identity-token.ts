import { BatonError } from '../core/errors';
import { nowSeconds, systemClock } from '../core/clock';
import { checkOptionNames, wholeNumber } from '../core/options';
import { checkUnbundledPeer, unbundledPeer } from '../core/peers';
import type { TokenSource } from '../core/token-source';
import { stsError } from './sts-error';

type StsSdk = typeof import('@aws-sdk/client-sts');

/** Options of {@link awsTokenSource}. */
export interface AwsTokenSourceOptions {
  /** The region whose STS is asked. Default: `AWS_REGION`, which Lambda sets. */
  readonly region?: string;
  /** How long each token lives, 60 to 3600. Default 300: it is exchanged at once. */
  readonly durationSeconds?: number;
  /** Passed to the SDK's `new STSClient()`: credentials, endpoint. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
}

const OWNER = 'awsTokenSource()';
const PEER = ['@aws-sdk/client-sts', 'A token of AWS STS'] as const;
const TIMEOUT_MS = 5000;
/** A region's name, in every partition; `aws-global`, which stands for the global endpoint, is none. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;
const GLOBAL_HOST = 'sts.amazonaws.com';

const optionInvalid = (what: string): BatonError => new BatonError('option_invalid', `${OWNER}: ${what}`);

function checkRegion(region: unknown): void {
  if (typeof region === 'string' && REGION.test(region)) return;
  throw optionInvalid(`${JSON.stringify(region)} is no AWS region. Only regional endpoints of STS give these tokens.`);
}

/** `GetWebIdentityToken` is not answered by the global endpoint, and its error does not say so. */
function checkRegional({ region, clientConfig = {} }: AwsTokenSourceOptions): void {
  for (const given of [region, clientConfig.region]) {
    if (given !== undefined && typeof given !== 'function') checkRegion(given);
  }
  const { useGlobalEndpoint, endpoint } = clientConfig;
  const isGlobal = typeof endpoint === 'string' && URL.canParse(endpoint) && new URL(endpoint).hostname === GLOBAL_HOST;
  if (useGlobalEndpoint === true || isGlobal) {
    throw optionInvalid('the global endpoint of STS does not give these tokens. Name a region.');
  }
}

type StsClient = InstanceType<StsSdk['STSClient']>;

/** Made with the first token: the SDK looks for the region only then. */
async function regionalClient(sdk: StsSdk, { region, clientConfig }: AwsTokenSourceOptions): Promise<StsClient> {
  if (typeof sdk.GetWebIdentityTokenCommand !== 'function') {
    const message = `The installed ${PEER[0]} is too old for GetWebIdentityToken: npm install ${PEER[0]}@latest`;
    throw new BatonError('peer_missing', message);
  }
  const client = new sdk.STSClient({
    requestHandler: { connectionTimeout: 3000 },
    ...(region !== undefined && { region }),
    ...clientConfig,
    useGlobalEndpoint: false,
  });
  checkRegion(
    await client.config.region().catch((cause: unknown) => {
      throw new BatonError('option_invalid', `${OWNER}: no region is set. Set AWS_REGION.`, { cause });
    }),
  );
  return client;
}

/**
 * Tokens by which an AWS role shows who it is to somebody outside: `sts:GetWebIdentityToken`, signed `RS256`, which is what
 * Entra takes. Nothing is stored: the role's own credentials ask for them, and each is made for one audience. They are not
 * kept.
 *
 * Needs the package `@aws-sdk/client-sts`, which Lambda's runtime brings along; it is loaded with the first token and never
 * becomes part of a bundle. The account must have outbound identity federation enabled.
 *
 * Source: AWS STS API reference, "GetWebIdentityToken".
 *
 * @throws BatonError `option_invalid`, `option_unknown`, `peer_missing`; its `token` rejects with `entra_refused` where AWS
 *   refuses and `entra_unavailable` where it cannot be asked
 *
 * @example
 * ```ts
 * const source = awsTokenSource({ region: 'eu-west-1' });
 * const tokens = createEntraTokens({ tenant, clientId, federation: source });
 * ```
 */
export function awsTokenSource(options: AwsTokenSourceOptions = {}): TokenSource {
  checkOptionNames(OWNER, options, { region: true, durationSeconds: true, clientConfig: true });
  const limits = { fallback: 300, min: 60, max: 3600 };
  const durationSeconds = wholeNumber(OWNER, 'durationSeconds', options.durationSeconds, limits);
  checkRegional(options);
  checkUnbundledPeer(...PEER);
  let made: Promise<StsClient> | undefined;

  return {
    async token(audience, { signal } = {}) {
      const sdk = unbundledPeer<StsSdk>(...PEER);
      const askedAt = nowSeconds(systemClock);
      const client = await (made ??= regionalClient(sdk, options).catch((error: unknown) => {
        made = undefined;
        throw error;
      }));
      const command = new sdk.GetWebIdentityTokenCommand({
        Audience: [audience],
        SigningAlgorithm: 'RS256',
        DurationSeconds: durationSeconds,
      });
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      const { WebIdentityToken: token, Expiration: expiration } = await client
        .send(command, { abortSignal })
        .catch((cause: unknown) => {
          throw stsError(cause);
        });
      if (!token) throw stsError(new Error('STS answered without a token.'));
      const endsAt = expiration === undefined ? NaN : Math.floor(expiration.getTime() / 1000);
      return { token, expiresAt: Number.isFinite(endsAt) ? endsAt : askedAt + durationSeconds };
    },
  };
}
