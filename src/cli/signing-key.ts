import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from './command.ts';

/** Something to sign tokens with. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly alg: string;
  readonly kid: string | undefined;
  readonly warning: string | undefined;
}

/** Bits of key that each HMAC algorithm asks for (RFC 7518 §3.2). */
const secretBits: Readonly<Record<string, number>> = { HS256: 256, HS384: 384, HS512: 512 };
const curveAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Algorithms that a kind of private key can sign with; the first is taken unless another is asked for. */
const algorithmsByType: Readonly<Record<string, (key: KeyObject) => readonly string[]>> = {
  rsa: () => ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ec: (key) => [curveAlgorithms[key.asymmetricKeyDetails?.namedCurve ?? '']].filter((alg) => alg !== undefined),
  ed25519: () => ['EdDSA', 'Ed25519'],
};

/** A shared secret: the bytes of the text, as in a Secret's `stringData`. */
export function secretSigningKey(secret: string, alg = 'HS256'): SigningKey {
  const bits = secretBits[alg];
  if (bits === undefined)
    throw new UsageError(`--alg with --secret is one of ${Object.keys(secretBits).join(', ')}: got ${alg}`);
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length === 0) throw new UsageError('the secret is empty');
  const isShort = bytes.length * 8 < bits;
  return {
    key: createSecretKey(bytes),
    alg,
    kid: undefined,
    warning: isShort
      ? `the secret has ${bytes.length} bytes; ${alg} asks for at least ${bits / 8} (RFC 7518 §3.2)`
      : undefined,
  };
}

/**
 * Reads a private key: PEM, a JWK, or a set of JWKs whose first private signing key is taken.
 *
 * @throws UsageError when there is no such key in the file; the message never holds any of its contents.
 */
export async function readSigningKey(file: string, wanted: string | undefined): Promise<SigningKey> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read (${error instanceof Error && 'code' in error ? error.code : 'unreadable'})`,
    );
  }
  const jwk = text.trimStart().startsWith('{') ? pickJwk(text, file) : undefined;
  let key: KeyObject;
  try {
    key = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new UsageError(`${file} holds no private key that can be used (PEM without passphrase, JWK or JWK set)`);
  }
  const possible = algorithmsByType[key.asymmetricKeyType ?? '']?.(key) ?? [];
  const alg = wanted ?? (typeof jwk?.['alg'] === 'string' ? jwk['alg'] : possible[0]);
  if (alg === undefined || !possible.includes(alg)) {
    const able = possible.length === 0 ? 'cannot sign tokens' : `signs with ${possible.join(', ')}`;
    throw new UsageError(`the key in ${file} ${able}${alg === undefined ? '' : `, not with ${alg}`}`);
  }
  return { key, alg, kid: typeof jwk?.['kid'] === 'string' ? jwk['kid'] : undefined, warning: undefined };
}

type Jwk = Readonly<Record<string, unknown>>;

function pickJwk(text: string, file: string): Jwk {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is neither PEM nor JSON`);
  }
  const isObject = (each: unknown): each is Jwk => typeof each === 'object' && each !== null;
  const candidates =
    isObject(value) && Array.isArray(value['keys']) ? value['keys'].filter(isObject) : [value].filter(isObject);
  const chosen = candidates.find((each) => typeof each['d'] === 'string' && each['use'] !== 'enc');
  if (chosen === undefined) throw new UsageError(`${file} holds no private key`);
  return chosen;
}
