/** What was wrong with the AWS credentials of a call, and what to do; undefined where the error is about something else. */
export function credentialsAdvice(errorName: string): string | undefined {
  switch (errorName) {
    case 'CredentialsProviderError':
      return 'no AWS credentials were found. Set up keyless credentials (option "credentials"), or give the process a profile or role that the SDK finds.';
    case 'ExpiredTokenException':
    case 'ExpiredToken':
      return 'its AWS credentials have expired. Whatever renews them did not, or this clock is wrong.';
    case 'UnrecognizedClientException':
    case 'InvalidClientTokenId':
      return 'AWS does not know its credentials. They are of another partition, were deleted, or lack their session token.';
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
    case 'RequestExpired':
      return 'the signature did not hold. Check this clock (more than 5 minutes apart is refused) and the secret key.';
  }
  return undefined;
}

/** What a role lacks that AWS refused with "access denied", and where it may be missing. */
export const roleAdvice = (action: string, arn: string): string =>
  `the role that it was made in may not ${action} on ${arn}. Allow it in the role's policies, and in a session policy or permissions boundary if there is one; /roles/…/aws names the role.`;
