import { ALGORITHMS } from '../jws/algorithms';
import { listOf, oneOf, text, wholeNumber, type Shape } from './shape';

/** Shapes that several sections of the policy share. */
export const issuer: Shape = text('The issuer (iss), compared to the letter.');

export const algorithms: Shape = listOf(
  oneOf('A signature algorithm (RFC 7518).', Object.keys(ALGORITHMS)),
  'The only algorithms that are accepted.',
  1,
);

export const clockToleranceSeconds: Shape = wholeNumber(
  'How far the clocks may be apart, in seconds. Default 30; for identity providers 60.',
  0,
  300,
);

export const maxLifetimeSeconds: Shape = wholeNumber('Longest accepted time from iat to exp, in seconds.', 1, 172_800);

export const pointer = (what: string): Shape =>
  text(`JSON pointer (RFC 6901) to ${what}.`, { pattern: /^\/./, hint: 'a JSON pointer such as "/sub"' });
