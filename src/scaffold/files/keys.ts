import { newKeyRing, keyRingText, publicKeySet } from '../../keys/key-ring';
import { keySetText } from '../../keys/published-keys';
import { hasGateway, type Plan, type PlannedFile } from '../plan';

/** The files of a signer. */
export interface KeyFiles {
  readonly ring: string;
  readonly jwks: string;
  readonly purpose: string;
}

/** What signs Transaction Tokens: the authorizer, and nobody else. */
const GATEWAY: KeyFiles = {
  ring: 'gateway.ring.json',
  jwks: 'gateway.jwks.json',
  purpose: 'the authorizer',
};

/** What signs hand-over tokens: the app, and nobody else. */
export const HAND_OVER: KeyFiles = {
  ring: 'hand-over.ring.json',
  jwks: 'hand-over.jwks.json',
  purpose: 'the app',
};

/** The rings that a plan needs. */
export const keyFilesOf = (plan: Plan): readonly KeyFiles[] => [
  ...(hasGateway(plan) ? [GATEWAY] : []),
  ...(plan.functions.length > 0 ? [HAND_OVER] : []),
];

const IGNORED = `# Private keys stay out of the repository; the public halves may be seen by anybody.
*
!.gitignore
!*.jwks.json
`;

/**
 * The key rings, made as `baton keys create` makes them, each with its public half, and a .gitignore that keeps the private
 * ones out of the repository without touching the one that is there.
 */
export async function keyFiles(plan: Plan, now: number): Promise<PlannedFile[]> {
  const folder = `${plan.layout.config}/keys`;
  const files = await Promise.all(
    keyFilesOf(plan).map(async ({ ring: ringFile, jwks, purpose }): Promise<PlannedFile[]> => {
      const ring = await newKeyRing(now);
      return [
        {
          path: `${folder}/${ringFile}`,
          text: keyRingText(ring),
          purpose: `private key of ${purpose}; not in Git`,
          isSecret: true,
          group: ringFile,
        },
        {
          path: `${folder}/${jwks}`,
          text: keySetText(publicKeySet(ring, now)),
          purpose: `public key of ${purpose}`,
          group: ringFile,
        },
      ];
    }),
  );
  const ignored: PlannedFile = {
    path: `${folder}/.gitignore`,
    text: IGNORED,
    purpose: 'keeps private keys out of Git',
  };
  return files.length === 0 ? [] : [ignored, ...files.flat()];
}
