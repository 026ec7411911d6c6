/** The primes up to 167 that tell something; by chance a sound key looks weak to all of them once in 2^27 keys. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const GENERATOR = 65537;

function powersOfGenerator(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power);
  return powers;
}

/**
 * True for an RSA modulus of the weak smart-card generator that CVE-2017-15361 ("ROCA") is about: its primes are powers
 * of 65537 modulo a product of small primes, so the modulus is one modulo each of them. Such a key can be factored.
 *
 * Source: Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, section 5.1 (fingerprinting).
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return PRIMES.every((prime) => powersOfGenerator(prime).has(Number(modulus % BigInt(prime))));
}
