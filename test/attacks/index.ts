/** A test, by its file below `test/` and its title as it is written there. */
export interface TestReference {
  readonly file: string;
  readonly title: string;
}

/** The places where something from outside comes in. */
export type Door = 'middleware' | 'authorizer' | 'function' | 'start' | 'logs' | 'disk' | 'aws';

/** A known attack and where it is shown to fail. */
export interface KnownAttack {
  readonly number: number;
  readonly name: string;
  /** The doors that its tests go through. */
  readonly doors: readonly Door[];
  /** Why no other door can be attacked like this; none where all three are. */
  readonly only?: string;
  /** Names in `bad-tokens.ts`, every one of which knocks at each door. */
  readonly tokens?: readonly string[];
  readonly tests: readonly TestReference[];
}

const in_ = (file: string, ...titles: string[]): readonly TestReference[] => titles.map((title) => ({ file, title }));
const everyDoor = ['middleware', 'authorizer', 'function'] as const;
const knock = in_('attacks/front-doors.test.ts', 'refuses $name');
const keyServer = (...titles: string[]): readonly TestReference[] => in_('attacks/key-servers.test.ts', ...titles);
const request = (...titles: string[]): readonly TestReference[] => in_('attacks/requests.test.ts', ...titles);
const hosted = (...titles: string[]): readonly TestReference[] =>
  in_('attacks/host-modes.test.ts', ...titles.map((title) => `${title}, in any host mode`));
const start = in_('attacks/start-up.test.ts', 'does not start with %s');
const vectors = in_('vectors/vectors.test.ts', 'accepts nothing that is wrong');
const HEADERS = 'only the app behind the gateway reads headers that a client could have sent';
const PATHS = 'only the app routes by a path';
const DECISIONS = 'only the app starts workflows and has task tokens';

/** The attacks that the threat model is about. */
export const knownAttacks: readonly KnownAttack[] = [
  {
    number: 1,
    name: 'Unsigned tokens: `alg: none` in any spelling',
    doors: everyDoor,
    tokens: ['the algorithm "none"', 'the algorithm "nOnE"', 'no signature', 'alg none without a signature'],
    tests: [...knock, ...vectors],
  },
  {
    number: 2,
    name: 'Algorithm confusion: an HMAC over the public key',
    doors: everyDoor,
    tokens: ['an HMAC with the public PEM', 'an HMAC with the public DER', 'an HMAC with the public JWK'],
    tests: [...knock, ...in_('jws/verify.test.ts', 'refuses %s over every form of the public key')],
  },
  {
    number: 3,
    name: 'A key set as text, taken for a secret',
    doors: ['start', ...everyDoor],
    tests: [
      ...start,
      ...keyServer('are unavailable where the answer is %s: nobody comes in, and nobody is called invalid'),
    ],
  },
  {
    number: 4,
    name: 'Empty, missing or null keys',
    doors: ['start', ...everyDoor],
    tokens: ['an HMAC with nothing'],
    tests: [...knock, ...start, ...keyServer('let nobody in where the set has %s')],
  },
  {
    number: 5,
    name: 'A key of the wrong type, curve, size, use or operation',
    doors: ['start', ...everyDoor],
    tests: [...start, ...keyServer('let nobody in where the set has %s'), ...in_('jws/keys.test.ts', 'refuses %s')],
  },
  {
    number: 6,
    name: 'Key objects that only become texts',
    doors: ['start', ...everyDoor],
    tokens: ['a kid that is no text'],
    tests: [
      ...knock,
      ...start,
      ...keyServer('let nobody in where the set has %s'),
      ...in_('jws/verify.test.ts', 'says key_unusable, not a server error, where a source gives %p for a key'),
    ],
  },
  {
    number: 7,
    name: 'A key that the token brings along: `jwk`, `jku`, `x5u`, `x5c`',
    doors: everyDoor,
    tokens: ['jwk', 'jku', 'x5u', 'x5c'].map((name) => `the attacker's own key as ${name}`),
    tests: [...knock, ...in_('jws/verify.test.ts', 'are not used, and nothing is fetched')],
  },
  {
    number: 8,
    name: 'Injection by `kid`: paths, addresses, prototypes, size',
    doors: everyDoor,
    tokens: ['the kid "../../key-1"', 'the kid "__proto__"', 'the kid "https://evil.example/k"', 'no kid'],
    tests: [...knock, ...in_('keys/pem-by-kid.test.ts', 'what is never asked for')],
  },
  {
    number: 9,
    name: 'Psychic signatures, and other encodings of a signature',
    doors: everyDoor,
    tokens: ['a signature of zeros', 'a signature of r = s = the order of the curve', 'a signature in DER'],
    tests: [...knock, ...vectors],
  },
  {
    number: 10,
    name: "Another issuer's key under the same ID",
    doors: everyDoor,
    tokens: ['the kid "ES256 key-1"'],
    tests: [
      ...knock,
      ...keyServer('are its own: a key of another issuer under the same ID opens nothing'),
      ...in_('authorizer/authorizer.test.ts', '%s cannot speak for the other with a key of the same ID'),
    ],
  },
  {
    number: 11,
    name: 'An unknown `kid` that some key answers to',
    doors: everyDoor,
    tokens: ['the kid "key-2"', 'the kid "KEY-1"'],
    tests: [...knock, ...in_('keys/conformance.test.ts', 'finds nothing for "%s" and %s')],
  },
  {
    number: 12,
    name: 'Withdrawn keys that go on working',
    doors: everyDoor,
    tests: [
      ...keyServer('stop to work when they are withdrawn, for a token that was let in before too'),
      ...in_('keys/remote.test.ts', 'a withdrawn key is refused after the renewal'),
    ],
  },
  {
    number: 13,
    name: 'Floods of made-up key IDs',
    doors: everyDoor,
    tests: [
      ...keyServer('are asked for once more in a flood of 1,000 made-up IDs, and a rotation is seen within 2 s of it'),
      ...in_('keys/pem-by-kid.test.ts', 'a flood of made-up keys'),
    ],
  },
  {
    number: 14,
    name: "One token's remembered verdict given to another",
    doors: everyDoor,
    tests: keyServer(
      'is one token, and no other with the same end',
      'is not mixed up between two callers who come in turns',
      'is nothing to a door of another policy in the same process',
    ),
  },
  {
    number: 15,
    name: 'Critical headers that are passed over; unencoded payloads',
    doors: everyDoor,
    tokens: ['an unknown critical header', 'an empty list of critical headers', 'an unencoded payload', 'b64 alone'],
    tests: knock,
  },
  {
    number: 16,
    name: 'Claims of another type',
    doors: everyDoor,
    tokens: ['a list with the issuer in it', 'the audience {}', 'exp = -1', 'an end at infinity', 'the subject 7'],
    tests: knock,
  },
  {
    number: 17,
    name: 'Patterns that remember, or that backtrack',
    doors: ['start', ...everyDoor],
    tests: [
      ...start,
      ...keyServer('does not depend on what came before: good and bad in turns, a hundred times'),
      ...in_('attacks/slow-inputs.test.ts', 'take less than 50 ms, whatever is in them'),
    ],
  },
  {
    number: 18,
    name: 'No list of algorithms',
    doors: ['start'],
    only: 'a door that does not start cannot be knocked at',
    tests: start,
  },
  {
    number: 19,
    name: "Another tenant's token under a key set that tenants share",
    doors: ['middleware', 'authorizer'],
    only: "the function takes only the app's own hand-over tokens",
    tokens: ['the issuer "https://evil.example"'],
    tests: [...knock, ...in_('identity/profiles/oidc.test.ts', 'Entra’s issuer of many tenants')],
  },
  {
    number: 20,
    name: "Another customer's load balancer (ALBeast)",
    doors: ['middleware'],
    only: 'only the app stands behind a load balancer',
    tests: in_(
      'identity/profiles/aws.test.ts',
      '%s is refused, however well it is signed, and no key is asked for',
      'is looked at before a key of a made-up kid is: 1,000 assertions of strangers, no fetch',
    ),
  },
  {
    number: 21,
    name: 'Requests of the verifier to an address in the token',
    doors: everyDoor,
    tokens: ['the issuer "http://169.254.169.254/latest"'],
    tests: [...knock, ...in_('identity/provider-verifier.test.ts', 'fetches nothing where the issuer is %s')],
  },
  {
    number: 22,
    name: 'One kind of token for another',
    doors: everyDoor,
    tokens: [
      'the typ of a logout token',
      'a Transaction Token, where another is asked for',
      'a hand-over token, where another is asked for',
      'a provider’s token, where another is asked for',
    ],
    tests: knock,
  },
  {
    number: 23,
    name: 'Encrypted tokens, and tokens without end',
    doors: everyDoor,
    tokens: ['the five parts of a JWE', 'a megabyte behind'],
    tests: [...knock, ...in_('jws/compact.test.ts', 'measures before it decodes')],
  },
  {
    number: 24,
    name: 'Several spellings of one token',
    doors: everyDoor,
    tokens: ['padding behind the signature', 'another spelling of the last bits', 'the alphabet of plain base64'],
    tests: [...knock, ...vectors, ...in_('vectors/vectors.test.ts', '$tcId is refused by its form')],
  },
  {
    number: 25,
    name: 'Members that stand twice; prototypes',
    doors: everyDoor,
    tokens: ['the subject twice', 'the subject twice, once in escapes', 'a prototype'],
    tests: [...knock, ...in_('identity/edge.test.ts', 'a claim named %s touches no prototype')],
  },
  {
    number: 26,
    name: 'Look-alikes of the header: `_`, `.`, `HTTP_`',
    doors: ['middleware'],
    only: HEADERS,
    tests: [
      ...request('cannot bring the identity in the look-alike %s, alone, before or after the real one'),
      ...hosted('cannot bring the identity in the look-alike %s'),
    ],
  },
  {
    number: 27,
    name: 'The header taken away by `Connection`',
    doors: ['middleware'],
    only: HEADERS,
    tests: [
      ...request('cannot have the identity taken away by "Connection: %s"'),
      ...hosted('cannot have the identity taken away by "Connection: %s"'),
    ],
  },
  {
    number: 28,
    name: 'The header twice, or joined',
    doors: ['middleware', 'authorizer'],
    only: 'the function gets no headers',
    tests: [
      ...request('cannot bring %s'),
      ...hosted('cannot bring %s'),
      ...in_('authorizer/event.test.ts', 'carries a malformed identity: %s'),
    ],
  },
  {
    number: 29,
    name: 'Rules walked round by another spelling of the path',
    doors: ['middleware'],
    only: PATHS,
    tests: [
      ...request('without identity do not reach the handler of /admin by %s'),
      ...in_('middleware/route-path.test.ts', 'what a rule decides on is what %s routes by'),
      ...in_('middleware/static-files.test.ts', 'are opened to those whom their own entry admits: %s'),
      ...in_('properties/routes.test.ts', 'runs no handler of Express 4 or 5 without what its entry asks for'),
    ],
  },
  {
    number: 30,
    name: 'Headers that switch the check off',
    doors: ['middleware'],
    only: HEADERS,
    tests: [...request('are not let through for "%s"'), ...hosted('are not let through for "%s"')],
  },
  {
    number: 31,
    name: 'Hosts that are none',
    doors: ['middleware'],
    only: HEADERS,
    tests: [
      ...request('are decided and answered the same for the host "%s"'),
      ...hosted('are decided and answered the same for the host "%s"'),
    ],
  },
  {
    number: 32,
    name: 'Addresses and names that look like others',
    doors: ['authorizer'],
    only: 'only where a provider’s words become roles; the other doors read policy roles that are signed',
    tests: request(
      'give no role: a member is one value of one provider, letter by letter',
      'make nobody somebody else: the subject decides, and no name or address',
    ),
  },
  {
    number: 33,
    name: 'A bad token that passes for none',
    doors: ['middleware'],
    only: 'the other doors have nothing that is open to anybody',
    tests: request('without identity pass a public route, and with a bad one never'),
  },
  {
    number: 34,
    name: 'Server variables and forwarded headers that the client sent',
    doors: ['middleware'],
    only: HEADERS,
    tests: [
      ...request('leave nothing of what a client says of itself in the context'),
      ...hosted('leave nothing of what a client says of itself in the context'),
      ...in_('identity/profiles/windows.test.ts', 'takes it from anywhere in iisnode’s own block'),
    ],
  },
  {
    number: 35,
    name: 'Requests that go round the gateway',
    doors: ['middleware'],
    only: 'only the app has an origin that could be reached',
    tests: request('that go round the gateway come with no token or with an old one, and end there'),
  },
  {
    number: 36,
    name: 'The same token again',
    doors: everyDoor,
    tests: [
      ...keyServer('ends with the token: used twice while it lasts, and not once after'),
      ...in_('identity/replay/conformance.test.ts', 'lets one of a hundred at once in'),
      ...in_('identity/replay/farm.test.ts', 'let a token in once between them'),
    ],
  },
  {
    number: 37,
    name: 'Lines forged in the log; tokens in the log',
    doors: ['middleware', 'authorizer', 'function', 'logs'],
    tests: [
      ...knock,
      ...request('cannot write into the log by a correlation ID of %s'),
      ...in_('middleware/correlation.test.ts', 'never sees control characters: Node refuses them'),
      ...in_('logging/loggers.test.ts', 'keeps each line to one line of visible ASCII and letters'),
    ],
  },
  {
    number: 38,
    name: 'Answers that tell why',
    doors: everyDoor,
    tests: [...knock, ...in_('middleware/baton.test.ts', 'answers every bad token alike, on %s')],
  },
  {
    number: 39,
    name: 'Weak RSA keys',
    doors: ['start', ...everyDoor],
    tests: [...start, ...vectors, ...in_('jws/keys.test.ts', 'refuses %s')],
  },
  {
    number: 40,
    name: 'A policy that is broken, empty or half written',
    doors: ['middleware', 'start'],
    only: 'the app is the one that lives while its policy changes',
    tests: [
      ...request('are all denied by a policy that grants nothing'),
      ...in_('policy/live.test.ts', 'stays as it is where the new file %s, and says why'),
      ...in_(
        'middleware/reload.test.ts',
        'fails no request under load, decides each by one policy or the other, and fetches the keys once',
      ),
    ],
  },
  {
    number: 41,
    name: 'WebSocket upgrades that nobody verifies, or from a page of another site',
    doors: ['middleware'],
    only: 'only the app is asked for upgrades',
    tests: [
      ...in_(
        'middleware/upgrade.test.ts',
        '%s gets a problem, is logged, and its connection ends',
        'never sees another connection’s caller',
        'refuses upgrades for listeners that verify nobody, and says what to do',
        'refuses them where one listener verifies and another does not',
        'asks an upgrade for the host’s token like any other request',
        'ends the connection when its caller’s sign-in does, but where the app says otherwise',
      ),
    ],
  },
  {
    number: 42,
    name: 'Work in the outbox that was changed or made up',
    doors: ['disk', 'function'],
    only: 'what waits on disk comes from the file alone; the function sees what it was sealed as',
    tests: [
      ...in_(
        'offload/outbox/outbox.test.ts',
        'ends as a dead letter when somebody changed %s on disk',
        'is none where somebody changed what is not under the seal: correlation and trace',
        'cannot be sealed with %s',
        'ends as a dead letter when %s',
        'with the same key is another caller, or another actor: other work',
      ),
      ...in_('function/events.test.ts', 'refuses its hand-over for %s'),
      ...in_('relay/left-behind.test.ts', 'no log holds a token'),
    ],
  },
  {
    number: 43,
    name: "Confused deputies: an AWS role that is the user's, for who acts for the user, or another caller's",
    doors: ['aws'],
    only: 'only the app asks AWS for sessions',
    tests: [
      ...in_('properties/aws-role.test.ts', 'an actor never gets its user’s role, and nobody one that is not theirs'),
      ...in_(
        'credentials/web-identity-credentials.test.ts',
        'of one caller never serve another (made-up calls in made-up order)',
        'gets the SDK’s own credentials only where the app says so, and an actor never',
      ),
      ...in_('credentials/session.test.ts', 'allows the target’s actions on the target, and nothing else'),
      ...in_(
        'relay/keyless.test.ts',
        'who acts for the user does not get the user’s role, though the policy lets both do this',
      ),
    ],
  },
  {
    number: 44,
    name: 'A hand-over taken for another function, caller, payload or execution, or too late',
    doors: ['middleware', 'function'],
    only: 'the authorizer stands before the hand-over is minted',
    tests: [
      ...in_(
        'offload/shared-hand-overs.test.ts',
        'are others where %s',
        'do not come back with the policy that they were minted by',
        'are refused when the permission is gone, whatever token is held',
        'take the key of the moment, and none where none can be had',
      ),
      ...in_('function/round-trip.test.ts', 'a hand-over that was caught is worth nothing once its time is over'),
      ...in_('function/events.test.ts', 'refuses its hand-over for %s', 'a workflow’s hand-over is none for a call'),
      ...in_('function/workflow-task.test.ts', 'a task %s is refused'),
    ],
  },
  {
    number: 45,
    name: "An approval of another execution, input, state or workflow, the starter's own, or another kind of token for it",
    doors: everyDoor,
    tokens: ['an approval of a workflow’s state'],
    tests: [
      ...in_(
        'function/workflow-approval.test.ts',
        'an approval %s is refused',
        'an approval that the policy’s step does not ask for is not passed over',
        'an approval is no hand-over for a call',
      ),
      ...knock,
    ],
  },
  {
    number: 46,
    name: "A decision by whoever may not, on one's own request, twice, too late, or of what Baton did not start",
    doors: ['middleware'],
    only: DECISIONS,
    tests: in_(
      'workflows/approvals.test.ts',
      '%s',
      'as the application that acted for who asked, by either of its names',
      'a run that was started by hand: nobody knows whose it is',
      'is decided once, however many decide at the same time',
      'is decided in the attempt that waits, and in none before',
    ),
  },
  {
    number: 47,
    name: "A task's token taken out of a log, an error or an answer, or slipped in as data",
    doors: ['middleware', 'function'],
    only: DECISIONS,
    tests: [
      ...in_(
        'workflows/approvals.test.ts',
        'shows the task’s token to nobody: in no line, error, answer or trail',
        'nothing of a token where the state %s',
      ),
      ...in_('workflows/approvals-aws.test.ts', 'AWS answers a decision with %s'),
      ...in_(
        'function/workflow-approval.test.ts',
        'the task’s token, where a function asks somebody, does not reach its handler',
      ),
    ],
  },
  {
    number: 48,
    name: "Somebody else's run started, seen or cancelled: a guessed name, a borrowed key, a copied input",
    doors: ['middleware'],
    only: DECISIONS,
    tests: [
      ...in_(
        'workflows/workflows.test.ts',
        'hands the caller over to that execution alone, with that input alone',
        '%s starts nothing',
      ),
      ...in_('workflows/runs.test.ts', 'but not %s', 'but not one that somebody made to look like the caller’s own'),
    ],
  },
];

/** What verifiers are known to take and Baton must not, and the tokens that show it at every door. */
export const nastyInputs: Readonly<Record<string, readonly string[]>> = {
  'alg none': ['the algorithm "none"', 'alg none without a signature'],
  'HS256 over public PEM': ['an HMAC with the public PEM', 'an HMAC with the public PEM behind a blank'],
  'r=s=0': ['a signature of zeros'],
  'DER sig': ['a signature in DER'],
  'embedded jwk': ["the attacker's own key as jwk"],
  '4 segments': ['four parts'],
  'exp as string': ['exp = "1800000060"'],
  'iss array': ['a list with the issuer in it'],
  'unknown crit': ['an unknown critical header'],
  'crit:["b64"], b64=false': ['an unencoded payload'],
  'no exp': ['exp = undefined'],
  'exp: 1e400 (Infinity)': ['an end at infinity'],
  'iat 1 h in the future': ['a beginning an hour ahead'],
  'wrong / missing typ': ['no typ', 'the typ of a logout token', 'the typ of a security event'],
  'duplicate sub in payload (last wins = admin)': ['the subject twice', 'the subject twice, once in escapes'],
  'kid missing': ['no kid', 'an empty kid'],
  'trailing newline': ['a line break behind'],
  'extra == on signature': ['padding behind the signature'],
  'signature with +// alphabet': ['the alphabet of plain base64'],
  'non-canonical last char (malleable)': ['another spelling of the last bits'],
  'ALB-style padded parts, signed padded': ['parts with padding, signed with it, as a load balancer writes them'],
  '1 MB token': ['a megabyte behind'],
};

/** Where something other than the general rule is the goal: the profile that takes it, and what key servers live through. */
export const nastyElsewhere: Readonly<Record<string, readonly TestReference[]>> = {
  'ALB-style padded parts, signed padded': in_(
    'identity/profiles/aws.test.ts',
    'are padded, all three parts, and what is signed holds the padding',
  ),
  '50 concurrent cold requests -> fetches': in_(
    'keys/remote.test.ts',
    'once for 50 who come at once, and not again for those after them',
  ),
  '200 unknown kids, sequential -> fetches': [
    ...in_('keys/remote.test.ts', 'once a window for 10,000 unknown keys'),
    ...in_('keys/pem-by-kid.test.ts', 'a flood of made-up keys'),
  ],
  'legit rotated key right after a bogus kid': in_(
    'keys/remote.test.ts',
    'a new key is found, also in the middle of a flood of unknown ones',
  ),
  'known kid, cache past max age, endpoint 503': in_(
    'keys/remote.test.ts',
    'known keys serve for a day, and not longer',
  ),
  'cold start, endpoint down, 50 requests': in_(
    'keys/remote.test.ts',
    'once for 50 who come at once while it is down, and again only after a growing pause',
  ),
};
