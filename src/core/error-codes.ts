/**
 * Who has to act on an error.
 *
 * - `caller`: the request is at fault; answered with 400, 401, 403, 404, 409 or 413.
 * - `dependency`: something Baton calls is at fault; answered with 502 or 503, never as "your token is invalid".
 * - `config`: the set-up is at fault; thrown while the app starts.
 * - `bug`: an invariant of Baton itself broke; answered with 500.
 */
export type ErrorKind = 'caller' | 'dependency' | 'config' | 'bug';

/** One row of the error table. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** HTTP status of the answer. `config` errors stop the start; 500 is what they answer if one slips through. */
  readonly status: number;
  /** A sentence that may be shown to anybody: it names no token, key, address or rule. */
  readonly publicMessage: string;
}

const caller = (status: number, publicMessage: string): ErrorEntry => ({ kind: 'caller', status, publicMessage });
const dependency = (status: number, publicMessage: string): ErrorEntry => ({
  kind: 'dependency',
  status,
  publicMessage,
});
const config: ErrorEntry = { kind: 'config', status: 500, publicMessage: 'The service is not set up correctly.' };

/**
 * The closed table of error codes. Each has its paragraph in `docs/errors.md`; a test holds the two together.
 *
 * A token that is refused has one code whatever the reason, so that an answer tells an attacker nothing; the reason is
 * in {@link BatonError.reason} and reaches the log only.
 */
export const ERROR_TABLE = {
  identity_missing: caller(401, 'This request carries no identity. Call the service through its API gateway.'),
  identity_header_invalid: caller(400, 'The request carries identity headers in a form that is not accepted.'),
  token_invalid: caller(401, 'The identity of this request could not be verified.'),
  authentication_insufficient: caller(401, 'Sign in again to do this.'),
  permission_denied: caller(403, 'You may not do this.'),
  route_not_listed: caller(403, 'This route is not open to anybody.'),
  host_token_invalid: caller(403, 'This request did not come through the web server.'),
  request_target_invalid: caller(400, 'The request target is not a plain path.'),
  event_invalid: caller(400, 'The event is not one that this function understands.'),
  payload_too_large: caller(413, 'The payload is larger than the function accepts.'),
  payload_invalid: caller(400, 'The payload cannot be sent as JSON.'),
  input_invalid: caller(400, 'The request does not have the form that is asked for.'),
  work_invalid: caller(400, 'The work cannot be taken in as it was described.'),
  run_not_found: caller(404, 'There is no such workflow run, or it is not yours.'),
  approval_not_pending: caller(409, 'There is nothing to decide here any more.'),
  idempotency_conflict: caller(409, 'This idempotency key was used for other work.'),

  keys_unavailable: dependency(503, 'The identity of this request cannot be verified right now. Try again shortly.'),
  signer_unavailable: dependency(503, 'This request cannot be passed on right now. Try again shortly.'),
  replay_store_unavailable: dependency(503, 'This request cannot be checked right now. Try again shortly.'),
  function_unavailable: dependency(503, 'A service behind this one is unavailable. Try again shortly.'),
  function_throttled: dependency(503, 'A service behind this one is busy. Try again shortly.'),
  function_timeout: dependency(503, 'A service behind this one took too long.'),
  function_access_denied: dependency(502, 'A service behind this one refused the call.'),
  function_failed: dependency(502, 'A service behind this one failed.'),
  workflow_unavailable: dependency(503, 'A service behind this one is unavailable. Try again shortly.'),
  workflow_throttled: dependency(503, 'A service behind this one is busy. Try again shortly.'),
  workflow_timeout: dependency(503, 'A service behind this one took too long.'),
  workflow_access_denied: dependency(502, 'A service behind this one refused the call.'),
  workflow_failed: dependency(502, 'A service behind this one failed.'),
  entra_unavailable: dependency(503, 'A service behind this one is unavailable. Try again shortly.'),
  entra_refused: dependency(502, 'A service behind this one refused the call.'),
  credentials_unavailable: dependency(503, 'A service behind this one cannot be reached right now. Try again shortly.'),
  credentials_refused: dependency(502, 'A service behind this one refused the call.'),
  outbox_full: dependency(503, 'Too much work is waiting here already. Try again shortly.'),
  outbox_unavailable: dependency(503, 'The work cannot be taken in right now. Try again shortly.'),
  outbox_damaged: dependency(503, 'The work cannot be taken in right now.'),
  outbox_clock_set_back: dependency(503, 'The work cannot be taken in right now. Try again shortly.'),
  work_expired: dependency(503, 'The work could not be done in time.'),
  audit_unwritable: dependency(503, 'This request cannot be recorded right now. Try again shortly.'),
  audit_cursor_unavailable: dependency(503, 'What happens in workflows cannot be recorded right now.'),
  audit_cursor_damaged: dependency(503, 'What happens in workflows cannot be recorded right now.'),

  option_invalid: config,
  option_unknown: config,
  policy_missing: config,
  policy_unreadable: config,
  policy_invalid: config,
  key_invalid: config,
  function_unknown: config,
  workflow_unknown: config,
  aws_role_missing: config,
  peer_missing: config,
  listen_failed: config,
  upgrade_unverified: config,
  relay_failed: config,

  internal: { kind: 'bug', status: 500, publicMessage: 'Something went wrong on our side.' },
} as const satisfies Record<string, ErrorEntry>;

/** Every code that a {@link BatonError} can have. Branch on it: it is part of the public contract. */
export type ErrorCode = keyof typeof ERROR_TABLE;
