import { nowSeconds, systemClock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import { checkOptionNames } from '../../core/options';
import type { Policy } from '../../policy/policy';
import { windowsAccount } from '../../policy/windows-account';
import type { EdgeOptions, HeaderReader, WindowsSignIn } from '../assertion';
import { identityFrom } from '../from-transaction';
import { AssertionHeader } from '../hygiene';
import { transactionFromClaims } from '../provider-transaction';

const PREFIX = 'x-iisnode-';
const VARIABLES = ['LOGON_USER', 'AUTH_USER', 'REMOTE_USER'];
/** IIS names the user anew for each request; the longest that one may take. */
const LIFETIME_SECONDS = 300;
const POINTERS = { subject: '/account', name: '/account', tenant: '/domain', roles: '/account' };

function checkSignIn(signIn: WindowsSignIn | undefined): WindowsSignIn {
  const refuse = (message: string): BatonError => new BatonError('option_invalid', message);
  if (signIn === undefined) {
    throw refuse(
      'The policy\'s edge is "windows": say with the option "windows" which server variable is promoted and that clients\' copies are denied.',
    );
  }
  checkOptionNames('identity(): option "windows"', signIn, { promotedVariable: true, clientCopiesDenied: true });
  if (!VARIABLES.includes(signIn.promotedVariable))
    throw refuse(`The option "windows.promotedVariable" must be one of ${VARIABLES.join(', ')}.`);
  // A JavaScript app can write anything.
  if ((signIn.clientCopiesDenied as unknown) !== true)
    throw refuse('The option "windows.clientCopiesDenied" must be true: without that every client can name any user.');
  return signIn;
}

/**
 * iisnode writes promoted variables last. One that stands before any other header was sent by a client: the variable is
 * not promoted, or the copy was let through.
 */
function checkIsLast(rawHeaders: readonly string[], header: string): void {
  const name = header.toLowerCase();
  let found = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const current = (rawHeaders[i] ?? '').toLowerCase();
    if (current === name) found = true;
    else if (found && !current.startsWith(PREFIX))
      throw new BatonError('identity_header_invalid', "The sign-in's header is not among iisnode's own.", {
        reason: 'position',
      });
  }
}

/**
 * The profile `windows`: IIS signs the user in (Windows authentication) and iisnode passes the name on as a promoted
 * server variable. Nothing is signed: what it is worth is what `web.config` says.
 *
 * @throws BatonError `option_invalid`
 */
export function windowsReader(policy: Policy, options: EdgeOptions): HeaderReader {
  const header = `X-iisnode-${checkSignIn(options.windows).promotedVariable}`;
  const clock = options.clock ?? systemClock;
  const assertion = new AssertionHeader(header);
  return {
    header,
    read(rawHeaders) {
      const text = assertion.take(rawHeaders);
      if (text === undefined) return undefined;
      checkIsLast(rawHeaders, header);
      const account = windowsAccount(text);
      if (account === undefined)
        throw new BatonError('identity_header_invalid', "IIS's sign-in is no account like DOMAIN\\user.", {
          reason: 'malformed',
        });
      const claims = { account: account.name, domain: account.domain };
      const transaction = transactionFromClaims({ provider: 'windows', claims, pointers: POINTERS }, policy);
      const expiresAt = nowSeconds(clock) + LIFETIME_SECONDS;
      return { identity: identityFrom({ transaction, expiresAt }, { profile: 'windows', issuer: 'iis' }), transaction };
    },
  };
}
