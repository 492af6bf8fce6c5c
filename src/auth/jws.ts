import { Buffer } from 'node:buffer';
import type { webcrypto } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import { isObject, type JsonObject, scanJson } from '../http/json.ts';
import { TokenFailure } from './token-failure.ts';

/** No real token is longer; a longer one costs memory and time before anything is known about it. */
const maxLength = 16 << 10;

/** The parts of a compact JWS (RFC 7515 §3.1) whose form is right. Nothing of it is verified yet. */
export interface CompactJws {
  readonly text: string;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly payload: Buffer;
}

const base64url = /^[A-Za-z0-9_-]*$/;

/**
 * Takes a compact JWS apart, strictly. Header parameters that bring their own key (`jwk`, `jku`, `x5u`, `x5c`) are not
 * even read; those that change what is signed (`crit`, `b64`) are refused (RFC 8725 §3.1, §3.10).
 *
 * @throws {TokenFailure} `jwt_malformed` or `jwt_header`
 */
export function parseJws(text: string): CompactJws {
  if (text.length > maxLength) throw new TokenFailure('jwt_malformed', `longer than ${maxLength} characters`);
  const parts = text.split('.', 6);
  if (parts.length === 5)
    throw new TokenFailure('jwt_malformed', 'an encrypted token (JWE), where a signed one is expected');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3 || header === '' || signature === '')
    throw new TokenFailure('jwt_malformed', 'not three parts');
  decode(signature);
  const fields = parseObject(decode(header), 'the header');
  const algorithm = fields.get('alg');
  const keyId = fields.get('kid');
  if (typeof algorithm !== 'string') throw new TokenFailure('jwt_malformed', 'alg is not a string');
  if (keyId !== undefined && typeof keyId !== 'string') throw new TokenFailure('jwt_malformed', 'kid is not a string');
  for (const name of ['crit', 'b64'])
    if (fields.has(name)) throw new TokenFailure('jwt_header', `${name} is not supported`);
  checkType(fields);
  return { text, algorithm, keyId, payload: decode(payload) };
}

/** Explicit typing (RFC 8725 §3.11): a token made for another purpose, such as a log-out or an ID-JAG, is no access token. */
function checkType(header: JsonObject): void {
  const typ = header.get('typ');
  if (typ === undefined) return;
  if (typeof typ !== 'string') throw new TokenFailure('jwt_malformed', 'typ is not a string');
  if (!/^(application\/)?(jwt|([a-z0-9-]+-)?at\+jwt)$/i.test(typ)) {
    throw new TokenFailure('jwt_header', 'its typ says that it is not an access token');
  }
}

/**
 * Verifies the signature with the first key that fits. The keys were chosen by the configuration; the algorithm is the
 * one that they serve.
 *
 * @throws {TokenFailure} `jwt_signature`
 */
export async function verifySignature(jws: CompactJws, keys: readonly webcrypto.CryptoKey[]): Promise<void> {
  for (const key of keys) {
    try {
      await compactVerify(jws.text, key, { algorithms: [jws.algorithm] });
      return;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) {
        throw new TokenFailure(
          'jwt_signature',
          error instanceof errors.JOSEError ? error.code : 'the key cannot judge it',
        );
      }
    }
  }
  throw new TokenFailure('jwt_signature');
}

/** Reads a token's claims set: a JSON object without duplicate keys, numbers exact. @throws {TokenFailure} `jwt_malformed` */
export function parseClaims(jws: CompactJws): JsonObject {
  return parseObject(jws.payload, 'the claims set');
}

/** Canonical base64url: no padding, no stray bits, or one token would have several spellings. */
function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (!base64url.test(part) || bytes.toString('base64url') !== part) {
    throw new TokenFailure('jwt_malformed', 'a part is not canonical base64url');
  }
  return bytes;
}

function parseObject(bytes: Buffer, what: string): JsonObject {
  let value: ReturnType<typeof scanJson>;
  try {
    value = scanJson(bytes);
  } catch (error) {
    throw new TokenFailure('jwt_malformed', `${what} is ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  if (!isObject(value)) throw new TokenFailure('jwt_malformed', `${what} is not a JSON object`);
  return value;
}
