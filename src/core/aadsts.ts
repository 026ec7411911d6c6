/** What is known of one AADSTS number, by which Entra says for people what is wrong. */
interface KnownNumber {
  /** What is wrong, and what to change. */
  readonly advice: string;
  /** Goes away by itself. */
  readonly passing?: true;
}

const NO_CREDENTIAL =
  'The application has no federated credential that matches, letter by letter. One that was just added takes some minutes.';
const BUSY = 'Entra has a passing fault.';

/**
 * The numbers that the set-up of an application meets. They may change at any time: they serve the message and how long is
 * waited, never what an error means to a caller.
 *
 * Source: Microsoft identity platform, "Microsoft Entra authentication and authorization error codes".
 */
export const AADSTS: Readonly<Record<number, KnownNumber>> = {
  50001: { advice: 'The resource is not known in this tenant. Check its application ID URI.' },
  50012: {
    advice: "The assertion's signature or certificate is not one of the application's. Upload the certificate to it.",
  },
  50013: {
    advice:
      "An assertion does not hold, by its signature or its time: the federated token's, or the user's, whose audience must be this client.",
  },
  50055: { advice: "The user's password has expired. The user signs in again." },
  50076: { advice: 'The user must sign in with a second factor. Send the user to sign in again.' },
  50079: { advice: 'The user must set up a second factor. Send the user to sign in again.' },
  500011: {
    advice:
      'The resource has no service principal in this tenant. Check the URI, or have an administrator consent to it.',
  },
  500131: { advice: "The user's token is not for this application. Its audience must be this client." },
  500133: {
    advice:
      "The assertion is outside of its time. Check this machine's clock; a user's token that has ended is replaced by signing in.",
  },
  53003: { advice: 'Conditional Access blocks it. Ask the administrators of the tenant.' },
  65001: { advice: 'Nobody has consented to these scopes for this application. An administrator consents to them.' },
  70011: { advice: 'The scope is wrong. For an application it is one resource with /.default behind it.' },
  28002: { advice: 'The scope is wrong. All scopes of one request are of one resource.' },
  70021: { advice: NO_CREDENTIAL, passing: true },
  700211: { advice: `${NO_CREDENTIAL} It is the issuer.`, passing: true },
  700212: { advice: `${NO_CREDENTIAL} It is the audience.`, passing: true },
  700213: { advice: `${NO_CREDENTIAL} It is the subject.`, passing: true },
  7002138: { advice: 'A federated credential matches but for upper and lower case. Write it letter by letter.' },
  700222: {
    advice: 'A token that Entra issued itself is no federated credential. Use one of AWS STS, or a certificate.',
  },
  700016: { advice: 'The tenant does not know the application. Check clientId and tenant.' },
  700024: { advice: "The client assertion is outside of its time. Check this machine's clock." },
  700027: {
    advice: "The client assertion's certificate is not one of the application's. Upload it; look at x5t#S256.",
  },
  7000215: { advice: 'The client secret is wrong; Baton sends none. Check that nothing between rewrites the request.' },
  7000222: { advice: "The application's certificate has expired. Upload a new one." },
  501051: { advice: "The API wants its callers assigned. Assign this application to one of the API's app roles." },
  1002012: { advice: 'The audience must be an application ID URI or the ID of an application, without a scope.' },
  90002: { advice: 'There is no such tenant in this cloud. Check tenant and authority.' },
  90006: { advice: BUSY, passing: true },
  90014: { advice: 'A field of the request is missing. Check that nothing between rewrites it.' },
  90024: { advice: BUSY, passing: true },
  90033: { advice: BUSY, passing: true },
  90055: {
    advice: 'Entra throttles this application. Make one createEntraTokens() and keep it: it remembers tokens.',
    passing: true,
  },
  90090: { advice: BUSY, passing: true },
  900144: { advice: 'A parameter of the request is missing. Check that nothing between rewrites it.' },
  900384: { advice: "The assertion's signature does not hold. Check that the key is the certificate's." },
  9001023: { advice: 'This grant needs the tenant, not /common or /organizations.' },
};

/** The AADSTS numbers of an answer: `error_codes`, or the one that begins its description. */
export function aadstsOf(body: Readonly<Record<string, unknown>>): readonly number[] {
  const { error_codes: codes, error_description: description } = body;
  const listed = Array.isArray(codes) ? codes.filter((code): code is number => Number.isSafeInteger(code)) : [];
  if (listed.length > 0) return listed.slice(0, 5);
  const first = typeof description === 'string' ? /^AADSTS(\d{3,9})\b/.exec(description)?.[1] : undefined;
  return first === undefined ? [] : [Number(first)];
}
