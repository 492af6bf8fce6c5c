import { Buffer } from 'node:buffer';
import { createPublicKey, createSecretKey, type KeyObject, type webcrypto, X509Certificate } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue } from '../http/json.ts';
import { hasRocaFingerprint } from './roca.ts';

/** A key that tokens may be verified with. The key decides which algorithms it serves; a token only picks among them. */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** True for HMAC: whoever can verify can also sign. */
  readonly symmetric: boolean;
  /** By the exact `alg` name (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
  readonly algorithms: ReadonlyMap<string, webcrypto.CryptoKey>;
}

/** A key that may not be used, with the reason in words an operator can act on. Never holds key material. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey';
}

type ImportParams = Parameters<KeyObject['toCryptoKey']>[0];

const hmac = [256, 384, 512].map((bits) => ({
  alg: `HS${bits}`,
  minBytes: bits / 8,
  params: { name: 'HMAC', hash: `SHA-${bits}` },
}));

const rsa: readonly (readonly [string, ImportParams])[] = [256, 384, 512].flatMap((bits) => [
  [`RS${bits}`, { name: 'RSASSA-PKCS1-v1_5', hash: `SHA-${bits}` }],
  [`PS${bits}`, { name: 'RSA-PSS', hash: `SHA-${bits}` }],
]);

/** OpenSSL's curve names. */
const curves: Readonly<Record<string, readonly [string, ImportParams]>> = {
  prime256v1: ['ES256', { name: 'ECDSA', namedCurve: 'P-256' }],
  secp384r1: ['ES384', { name: 'ECDSA', namedCurve: 'P-384' }],
  secp521r1: ['ES512', { name: 'ECDSA', namedCurve: 'P-521' }],
};

const minRsaBits = 2048;
/** Verifying with longer ones costs more than a caller should be able to ask for. */
const maxRsaBits = 8192;

/**
 * A shared secret. Serves each HMAC algorithm whose hash is not longer than the secret (RFC 7518 §3.2: "a key of the same
 * size as the hash output or larger MUST be used").
 *
 * @throws {UnusableKey} when it is too short for HS256
 */
export function secretKey(secret: Uint8Array, options: { kid?: string; alg?: string } = {}): VerificationKey {
  const [shortest] = hmac;
  if (shortest === undefined || secret.length < shortest.minBytes) {
    throw new UnusableKey(
      `the secret has ${secret.length} bytes; HS256 needs at least 32 (RFC 7518 §3.2), shorter ones can be guessed`,
    );
  }
  const key = createSecretKey(secret);
  const usable = hmac.filter((row) => secret.length >= row.minBytes);
  return {
    kid: options.kid,
    symmetric: true,
    algorithms: restrict(
      usable.map((row) => [row.alg, row.params]),
      key,
      options.alg,
    ),
  };
}

/**
 * A public key in PEM: SubjectPublicKeyInfo, PKCS#1 or an X.509 certificate (of which only the key is used).
 *
 * @throws {UnusableKey} for private keys, weak keys and kinds no token algorithm uses
 */
export function publicKey(pem: string): VerificationKey {
  const text = pem.trim();
  if (!text.startsWith('-----BEGIN '))
    throw new UnusableKey('not a PEM text: it must begin with "-----BEGIN PUBLIC KEY-----"');
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new UnusableKey('this is a private key; give the public half only, and consider the private one leaked');
  }
  let key: KeyObject;
  try {
    key = text.startsWith('-----BEGIN CERTIFICATE-----') ? new X509Certificate(text).publicKey : createPublicKey(text);
  } catch {
    throw new UnusableKey('the PEM text cannot be read as a public key or certificate');
  }
  return asymmetricKey(key, {});
}

/**
 * A key of a JSON Web Key set (RFC 7517 §4). `use`, `key_ops` and `alg` restrict it and never widen it; certificate and
 * URL members are ignored.
 *
 * @throws {UnusableKey}
 */
export function jsonWebKey(jwk: JsonValue): VerificationKey {
  if (!isObject(jwk)) throw new UnusableKey('a key is not a JSON object');
  const kty = text(jwk, 'kty');
  const kid = text(jwk, 'kid');
  const alg = text(jwk, 'alg');
  const use = text(jwk, 'use');
  if (use !== undefined && use !== 'sig') throw new UnusableKey(`its "use" is ${JSON.stringify(use)}, not "sig"`);
  const operations = jwk.get('key_ops');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw new UnusableKey('its "key_ops" do not include "verify"');
  }
  const named = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) };
  if (kty === 'oct') return secretKey(base64urlMember(jwk, 'k'), named);
  if (jwk.has('d') || jwk.has('priv')) throw new UnusableKey('it holds a private key; publish the public half only');
  const members = kty === undefined ? undefined : publicMembers[kty];
  if (kty === undefined || members === undefined) {
    throw new UnusableKey(`its "kty" is ${JSON.stringify(kty ?? null)}; RSA, EC, OKP and oct are known`);
  }
  const plain: Record<string, string> = { kty };
  for (const member of members) plain[member] = text(jwk, member) ?? '';
  let key: KeyObject;
  try {
    key = createPublicKey({ key: plain, format: 'jwk' });
  } catch {
    throw new UnusableKey('its members do not make a valid key');
  }
  return asymmetricKey(key, named);
}

const publicMembers: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
};

function asymmetricKey(key: KeyObject, options: { kid?: string; alg?: string }): VerificationKey {
  return { kid: options.kid, symmetric: false, algorithms: restrict(servedAlgorithms(key), key, options.alg) };
}

function servedAlgorithms(key: KeyObject): readonly (readonly [string, ImportParams])[] {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'rsa':
      checkRsa(key, details?.modulusLength ?? 0, details?.publicExponent ?? 0n);
      return rsa;
    case 'rsa-pss':
      throw new UnusableKey('RSA-PSS restricted keys are not supported; export it as a plain RSA public key');
    case 'ec': {
      const curve = curves[details?.namedCurve ?? ''];
      if (curve === undefined) throw new UnusableKey('its curve is not P-256, P-384 or P-521');
      return [curve];
    }
    case 'ed25519':
      return [
        ['EdDSA', { name: 'Ed25519' }],
        ['Ed25519', { name: 'Ed25519' }],
      ];
    default:
      throw new UnusableKey(
        `keys of type ${key.asymmetricKeyType ?? 'unknown'} sign no tokens here; use RSA, EC or Ed25519`,
      );
  }
}

/** Keys whose signatures others can forge. */
function checkRsa(key: KeyObject, bits: number, exponent: bigint): void {
  if (bits < minRsaBits)
    throw new UnusableKey(`an RSA key of ${bits} bits is too weak; use ${minRsaBits} or more (RFC 7518 §3.3)`);
  if (bits > maxRsaBits) throw new UnusableKey(`an RSA key of ${bits} bits is longer than ${maxRsaBits}`);
  // With exponent 1 every signature is its own message; even ones are no RSA keys.
  if (exponent < 3n || exponent % 2n === 0n) throw new UnusableKey('its public exponent is not an odd number above 1');
  const { n } = key.export({ format: 'jwk' });
  const modulus = BigInt(`0x${Buffer.from(typeof n === 'string' ? n : '', 'base64url').toString('hex') || '0'}`);
  if (modulus % 2n === 0n) throw new UnusableKey('its modulus is even');
  if (hasRocaFingerprint(modulus)) {
    throw new UnusableKey('it was made by a broken generator (ROCA, CVE-2017-15361): its private half can be computed');
  }
}

/** One CryptoKey for each algorithm that the key serves and its own `alg`, when it has one, allows. */
function restrict(
  served: readonly (readonly [string, ImportParams])[],
  key: KeyObject,
  only: string | undefined,
): ReadonlyMap<string, webcrypto.CryptoKey> {
  const chosen = served.filter(([alg]) => only === undefined || alg === only || isEd25519Pair(alg, only));
  if (chosen.length === 0)
    throw new UnusableKey(`its "alg" is ${JSON.stringify(only ?? null)}, which such a key does not serve`);
  return new Map(chosen.map(([alg, params]) => [alg, key.toCryptoKey(params, false, ['verify'])]));
}

/** `EdDSA` on an Ed25519 key and the later name `Ed25519` mean one algorithm (RFC 9864 §2.2). */
function isEd25519Pair(alg: string, other: string): boolean {
  return (alg === 'EdDSA' || alg === 'Ed25519') && (other === 'EdDSA' || other === 'Ed25519');
}

/** A member that must be a string when it is there. */
function text(jwk: JsonObject, member: string): string | undefined {
  const value = jwk.get(member);
  if (value === undefined || typeof value === 'string') return value;
  throw new UnusableKey(`its "${member}" is not a string`);
}

function base64urlMember(jwk: JsonObject, member: string): Buffer {
  const value = text(jwk, member);
  if (value === undefined || !/^[A-Za-z0-9_-]*$/.test(value)) throw new UnusableKey(`its "${member}" is not base64url`);
  return Buffer.from(value, 'base64url');
}
