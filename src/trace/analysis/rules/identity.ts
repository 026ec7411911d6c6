import { figure, many, percent, type Rule } from './rule';

/** A subject and its hash cannot be compared: only where both are hashed, or neither. */
const comparable = (a: string, b: string): string => `(${a} LIKE 'hmac-sha256:%') = (${b} LIKE 'hmac-sha256:%')`;

const PASSED_ON =
  'A caller is verified once and handed on, so that each hop must name the same. Where one names another, a token was mixed ' +
  'up, cached for somebody else, or made by somebody else.';

export const IDENTITY_RULES: readonly Rule[] = [
  {
    id: 'identity-differs-gateway',
    group: 'identity',
    severity: 'error',
    certainty: 'likely',
    about: "requests for which the gateway's principal and the app's subject are not the same",
    rows: `
SELECT g.t_ms AS logged_at, g.route, g.status, g.principal AS gateway_principal, a.subject AS app_subject, a.actor, a.transaction_id,
  g.correlation_id, f.path AS file
FROM (SELECT correlation_id FROM requests WHERE principal_differs) r
JOIN gateway g ON g.correlation_id = r.correlation_id
JOIN app a ON a.correlation_id = r.correlation_id
LEFT JOIN files f ON f.file_id = a.file_id`,
    order: 'logged_at, correlation_id',
    figures: { compared: '(SELECT count(*) FROM requests WHERE principal_differs IS NOT NULL)' },
    say: (figures) => {
      const { found, compared } = { found: figure(figures, 'found'), compared: figure(figures, 'compared') };
      if (found * 2 > compared) {
        return {
          title: `Gateway and app name callers differently: ${percent(found, compared)} of the requests do not compare`,
          explanation:
            "The authorizer's principalId is not the subject that the app logs, so the two cannot be held against each other.",
          advice: "Let the authorizer return the subject as principalId, as Baton's does.",
          severity: 'info',
          certainty: 'certain',
        };
      }
      return {
        title: `${many(found, 'request')} belonged to somebody else in the app than at the gateway`,
        explanation: `${PASSED_ON} ${many(compared, 'request')} could be compared.`,
        advice: 'Look at the cache of the authorizer first: its key must hold all that the identity depends on.',
      };
    },
  },
  {
    id: 'identity-differs-function',
    group: 'identity',
    severity: 'error',
    certainty: 'likely',
    about: 'functions that ran for another subject or actor than that of the request',
    rows: `
SELECT n.t_ms AS logged_at, n.function_name, n.source, a.subject AS app_subject, n.subject AS function_subject, a.actor AS app_actor,
  n.actor AS function_actor, n.correlation_id, n.request_id, f.path AS file
FROM functions n
JOIN app a ON a.correlation_id = n.correlation_id
LEFT JOIN repeated_ids d ON d.correlation_id = n.correlation_id
LEFT JOIN files f ON f.file_id = n.file_id
WHERE d.correlation_id IS NULL AND a.subject IS NOT NULL AND n.subject IS NOT NULL AND ${comparable('a.subject', 'n.subject')}
  AND (a.subject <> n.subject OR coalesce(a.actor, '') <> coalesce(n.actor, ''))`,
    order: 'logged_at, correlation_id',
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'invocation')} ran for somebody else than the request that caused them`,
      explanation: `${PASSED_ON} An identity of its own in the function, or two hash keys, would show like this as well.`,
      advice:
        'Compare the hash keys of app and function (BATON_SUBJECT_HASH_KEY_FILE), then look at who called the function.',
    }),
  },
  {
    id: 'identity-differs-workflow',
    group: 'identity',
    severity: 'error',
    certainty: 'likely',
    about: 'executions whose input names another caller than the one to whom the app handed it over',
    rows: `
SELECT w.t_ms AS logged_at, w.execution, h.workflow, h.subject AS handed_over_subject, w.subject AS workflow_subject,
  h.correlation_id, f.path AS file
FROM workflow_events w
JOIN (
  SELECT execution, min(workflow) AS workflow, min(subject) AS subject, min(correlation_id) AS correlation_id
  FROM audit WHERE event = 'hand_over' AND outcome = 'allowed' AND execution IS NOT NULL GROUP BY execution
) h ON h.execution = w.execution
LEFT JOIN files f ON f.file_id = w.file_id
WHERE w.event_type = 'ExecutionStarted' AND w.subject IS NOT NULL AND h.subject IS NOT NULL
  AND ${comparable('h.subject', 'w.subject')} AND h.subject <> w.subject`,
    order: 'logged_at, execution',
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'execution')} carried another caller than the app handed over`,
      explanation: `${PASSED_ON} The input of an execution is what its starter wrote; Baton's functions verify the token in it.`,
      advice: 'Look who may start the state machine: only the app should.',
    }),
  },
  {
    id: 'user-hash-differs',
    group: 'identity',
    severity: 'error',
    certainty: 'likely',
    about: "requests for which the hash of the caller in IIS's log is not the one in the app's",
    rows: `
SELECT a.t_ms AS logged_at, a.server, a.method, a.path, a.subject AS app_subject, i.user_hash AS iis_user_hash, a.correlation_id,
  f.path AS file
FROM (SELECT correlation_id FROM requests WHERE user_hash_differs) r
JOIN iis i ON coalesce(i.sent_id, i.answered_id) = r.correlation_id
JOIN app a ON a.correlation_id = i.correlation_id
LEFT JOIN files f ON f.file_id = i.file_id`,
    order: 'logged_at, correlation_id',
    figures: { compared: '(SELECT count(*) FROM requests WHERE user_hash_differs IS NOT NULL)' },
    say: (figures) => {
      const { found, compared } = { found: figure(figures, 'found'), compared: figure(figures, 'compared') };
      const keysDiffer = found * 2 > compared;
      return {
        title: keysDiffer
          ? `The hashes of callers in IIS's and the app's log are made with two keys (${percent(found, compared)} differ)`
          : `${many(found, 'request')} went to another caller than the app logged`,
        explanation: keysDiffer
          ? 'sc-user-hash and the hashed subject of the app are the same only with the same key.'
          : PASSED_ON,
        advice: 'Give BATON_USER_HASH_KEY_FILE and BATON_SUBJECT_HASH_KEY_FILE the same key.',
        ...(keysDiffer && { severity: 'info', certainty: 'certain' }),
      };
    },
  },
  {
    id: 'transaction-shared',
    group: 'identity',
    severity: 'error',
    certainty: 'certain',
    about: 'transactions that several callers have',
    rows: `
SELECT transaction_id, min(subject) AS one_subject, max(subject) AS other_subject, count(*) AS requests, min(t_ms) AS first_at,
  max(t_ms) AS last_at
FROM app WHERE transaction_id IS NOT NULL AND subject IS NOT NULL
-- Where one server hashes subjects and another does not, a subject and its hash are no two callers.
GROUP BY transaction_id, subject LIKE 'hmac-sha256:%' HAVING min(subject) <> max(subject)`,
    order: 'requests DESC, transaction_id',
    figures: { requests: 'CAST(sum(requests) AS bigint)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'transaction')} came from more than one caller`,
      explanation:
        'txn is made with each token and stays with one caller: the gateway caches tokens, so several requests share it, but ' +
        `never several callers. ${many(figure(figures, 'requests'), 'request')} have such a one.`,
      advice:
        'Whoever makes the tokens gives two callers the same txn: correct it there, and check what its cache is keyed by.',
    }),
  },
];
