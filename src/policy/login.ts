import type { LoginRequirement } from '../core/access';
import type { Authentication } from '../core/identity';

/** A sign-in that lies in the future by more than two clocks differ says nothing about its age. */
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Whether the user signed in lately and strongly enough (RFC 9470). A token that does not say when, or how, is not
 * enough: unknown is never fresh.
 */
export function satisfiesLogin(
  { authTime, acr: context }: Authentication,
  { maxAgeSeconds, acr }: LoginRequirement,
  nowSeconds: number,
): boolean {
  if (maxAgeSeconds !== undefined) {
    if (authTime === undefined) return false;
    const age = nowSeconds - authTime;
    if (age > maxAgeSeconds || age < -CLOCK_TOLERANCE_SECONDS) return false;
  }
  if (acr === undefined) return true;
  return context !== undefined && (typeof acr === 'string' ? acr === context : acr.includes(context));
}
