import type { Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { AuditSink, Logger } from '../core/logger';
import { checkOptionNames, secureUrl } from '../core/options';
import type { TokenSource } from '../core/token-source';
import type { Signer } from '../jws/sign';
import type { Fetch } from '../keys/fetch-text';

/** A certificate of the application, and its key: as PEM, or as a signer where the key lies elsewhere. */
export interface EntraCertificate {
  /** The certificate in PEM; the same is uploaded to the application. */
  readonly certificate: string;
  /** Its private key in PEM, without passphrase. */
  readonly privateKey?: string;
  /** What signs `PS256` with its key: `kmsSigner({ key, kid, algorithm: 'PS256' })`. */
  readonly signer?: Signer;
}

/** Options of {@link createEntraTokens}. */
export interface EntraOptions {
  /** The directory's ID, or one of its domains. On-behalf-of needs the ID. */
  readonly tenant: string;
  /** The application's client ID. */
  readonly clientId: string;
  /** Whose tokens the application trusts by a federated credential. Default: `awsTokenSource()`, the role of this process. */
  readonly federation?: TokenSource;
  /** In place of a federated credential. */
  readonly certificate?: EntraCertificate;
  /** Of another cloud than the public one. Default: `https://login.microsoftonline.com`. */
  readonly authority?: string;
  /** Issuers whose users' tokens are exchanged on behalf of them. Default: the tenant's, in both versions. */
  readonly issuers?: readonly string[];
  /** Where exchanges are recorded outside of a request. Default: `BATON_AUDIT_FILE`, else the logger. */
  readonly audit?: AuditSink;
  /** For lines outside of a request. Default: JSON lines on standard output. */
  readonly logger?: Logger;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /**
   * Waits between attempts; for tests.
   * @internal
   */
  readonly sleep?: (ms: number) => Promise<void>;
}

export const OWNER = 'createEntraTokens()';

const PUBLIC_CLOUD = 'https://login.microsoftonline.com';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;
/** They stand for "whichever tenant the user has": an application of its own has one. */
const NO_TENANT: readonly string[] = ['common', 'organizations', 'consumers'];

const invalid = (what: string): BatonError => new BatonError('option_invalid', `${OWNER}: ${what}`);

function checkNames({ tenant, clientId }: EntraOptions): void {
  for (const [name, value] of Object.entries({ tenant, clientId })) {
    if (typeof value !== 'string' || !NAME.test(value)) throw invalid(`option "${name}" must be an ID or a domain.`);
  }
  if (NO_TENANT.includes(tenant.toLowerCase())) {
    throw invalid(`option "tenant" must be the directory's ID or domain, not "${tenant}".`);
  }
}

function checkCredential({ certificate, federation }: EntraOptions): void {
  if (certificate !== undefined && federation !== undefined) {
    throw invalid('option "certificate" stands in place of "federation"; give one of them.');
  }
  if (federation !== undefined && typeof federation.token !== 'function') {
    throw invalid('option "federation" needs the method token.');
  }
  if (certificate === undefined) return;
  checkOptionNames(`${OWNER}: certificate`, certificate, { certificate: true, privateKey: true, signer: true });
  if ((certificate.privateKey === undefined) === (certificate.signer === undefined)) {
    throw invalid('option "certificate" needs either "privateKey" or "signer".');
  }
}

/** Where the application is known, read and checked. */
export interface EntraPlace {
  readonly tokenEndpoint: URL;
  readonly issuers: readonly string[];
}

/** @throws BatonError `option_invalid`, `option_unknown` */
export function checkOptions(options: EntraOptions): EntraPlace {
  checkOptionNames(OWNER, options, {
    tenant: true,
    clientId: true,
    federation: true,
    certificate: true,
    authority: true,
    issuers: true,
    audit: true,
    logger: true,
    clock: true,
    fetch: true,
    sleep: true,
  });
  checkNames(options);
  checkCredential(options);
  const { tenant, authority = PUBLIC_CLOUD, issuers } = options;
  const base = secureUrl(`${OWNER}: option "authority"`, authority);
  if (base.pathname !== '/' || base.search !== '' || base.hash !== '') {
    throw invalid('option "authority" must be the host alone, such as https://login.microsoftonline.us.');
  }
  return {
    tokenEndpoint: new URL(`/${tenant}/oauth2/v2.0/token`, base),
    issuers: issuers ?? [`${base.origin}/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
  };
}
