/**
 * Keys of the Infineon generator (CVE-2017-15361, "The Return of Coppersmith's Attack", Nemec et al. 2017). Its primes are
 * k·M + (65537^a mod M) with M a product of the first primes, so a modulus of theirs is a power of 65537 modulo every one
 * of those small primes. For a modulus made otherwise the chance of that is 2^-28 over the primes below 168.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return fingerprint.every(([prime, powers]) => powers.has(Number(modulus % BigInt(prime))));
}

/** For each odd prime below 168 the residues that are powers of 65537. */
const fingerprint: readonly (readonly [number, ReadonlySet<number>])[] = primesBelow(168)
  .filter((prime) => prime > 2)
  .map((prime) => [prime, powersOf(65537 % prime, prime)]);

function primesBelow(limit: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; candidate < limit; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

function powersOf(base: number, modulus: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1 % modulus; !powers.has(power); power = (power * base) % modulus) powers.add(power);
  return powers;
}
