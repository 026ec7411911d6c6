import type { AccessPolicy } from './access';
import type { Identity } from './identity';

/** AWS credentials as the SDK's clients take them. They are secrets: never in a log, an error or an answer. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** There with temporary credentials, which are not valid without it. */
  readonly sessionToken?: string;
  /** When temporary credentials end. */
  readonly expiration?: Date;
}

/** The one thing in AWS that credentials are asked for, and what is to be done with it. */
export interface CredentialsTarget {
  readonly kind: 'function' | 'workflow' | 'queue';
  /** Its name in the policy; for a queue that of the function behind it. */
  readonly name: string;
  /** The state of the workflow that a person decides, where that is what it is for: its permission counts then. */
  readonly approval?: string;
  readonly arn: string;
  /** IAM actions, such as `lambda:InvokeFunction`. */
  readonly actions: readonly string[];
}

/** Gives the AWS credentials that a call is made with. */
export interface CallerCredentials {
  /**
   * Credentials for this caller and this target, and for no other.
   *
   * Whoever is given the same object twice may keep a client with it: it is frozen, and replaced when it is renewed.
   *
   * @returns undefined where the SDK shall look for credentials itself
   * @throws BatonError
   */
  forTarget(
    caller: { readonly user: Identity; readonly policy: AccessPolicy },
    target: CredentialsTarget,
  ): Promise<AwsCredentials | undefined>;
}
