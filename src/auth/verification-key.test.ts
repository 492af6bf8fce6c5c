import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { scanJsonText } from '../http/json.ts';
import { InvalidKeySet, KeySet, parseKeySet } from './key-set.ts';
import { hasRocaFingerprint } from './roca.ts';
import { jsonWebKey, publicKey, secretKey, UnusableKey, type VerificationKey } from './verification-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const ed25519 = generateKeyPairSync('ed25519');

const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'public' ? 'spki' : 'pkcs8' }).toString();
const jwk = (key: KeyObject, more: object = {}) =>
  scanJsonText(JSON.stringify({ ...key.export({ format: 'jwk' }), ...more }));
const algorithms = (key: VerificationKey) => [...key.algorithms.keys()].sort();

const everyRsa = ['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'];

describe('[DP-5.algorithm] the key decides the algorithm', () => {
  const rows: readonly (readonly [string, () => VerificationKey, readonly string[]])[] = [
    ['a secret of 32 bytes', () => secretKey(Buffer.alloc(32)), ['HS256']],
    ['a secret of 47 bytes', () => secretKey(Buffer.alloc(47)), ['HS256']],
    ['a secret of 48 bytes', () => secretKey(Buffer.alloc(48)), ['HS256', 'HS384']],
    ['a secret of 64 bytes', () => secretKey(Buffer.alloc(64)), ['HS256', 'HS384', 'HS512']],
    ['RSA', () => publicKey(pem(rsa.publicKey)), everyRsa],
    ['RSA in PKCS#1', () => publicKey(rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }).toString()), everyRsa],
    ['P-256', () => publicKey(pem(ec('P-256').publicKey)), ['ES256']],
    ['P-384', () => publicKey(pem(ec('P-384').publicKey)), ['ES384']],
    ['P-521', () => publicKey(pem(ec('P-521').publicKey)), ['ES512']],
    ['Ed25519', () => publicKey(pem(ed25519.publicKey)), ['Ed25519', 'EdDSA']],
    ['a JWK', () => jsonWebKey(jwk(rsa.publicKey)), everyRsa],
    ['a JWK with alg', () => jsonWebKey(jwk(rsa.publicKey, { alg: 'PS384' })), ['PS384']],
    [
      'a JWK with the old name of Ed25519',
      () => jsonWebKey(jwk(ed25519.publicKey, { alg: 'EdDSA' })),
      ['Ed25519', 'EdDSA'],
    ],
    ['a JWK for signatures', () => jsonWebKey(jwk(rsa.publicKey, { use: 'sig', key_ops: ['verify'] })), everyRsa],
    [
      'a JWK with a URL and a certificate',
      () => jsonWebKey(jwk(rsa.publicKey, { x5u: 'http://127.0.0.1:1/', x5c: ['AA=='] })),
      everyRsa,
    ],
  ];
  test.each(rows)('%s', (_, make, expected) => {
    expect(algorithms(make())).toEqual([...expected].sort());
  });
});

describe('[SEC-weak-keys] keys that are refused', () => {
  const rows: readonly (readonly [string, () => VerificationKey, RegExp])[] = [
    ['an empty secret', () => secretKey(Buffer.alloc(0)), /0 bytes/],
    ['a short secret', () => secretKey(Buffer.from('my-secret')), /9 bytes; HS256 needs at least 32/],
    [
      'RSA of 1024 bits',
      () => publicKey(pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)),
      /1024 bits/,
    ],
    ['RSA with exponent 1', () => jsonWebKey(jwk(rsa.publicKey, { e: 'AQ' })), /exponent/],
    ['RSA with exponent 2', () => jsonWebKey(jwk(rsa.publicKey, { e: 'Ag' })), /exponent/],
    ['an RSA private key', () => publicKey(pem(rsa.privateKey)), /private/],
    ['a private JWK', () => jsonWebKey(jwk(rsa.privateKey)), /private/],
    [
      'RSA for PSS only',
      () => publicKey(pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)),
      /plain RSA/,
    ],
    ['secp256k1', () => publicKey(pem(ec('secp256k1').publicKey)), /P-256/],
    ['Ed448', () => publicKey(pem(generateKeyPairSync('ed448').publicKey)), /ed448/],
    ['X25519', () => publicKey(pem(generateKeyPairSync('x25519').publicKey)), /x25519/],
    ['no PEM', () => publicKey('/etc/keys/public.pem'), /PEM/],
    ['a broken PEM', () => publicKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'), /cannot be read/],
    ['a key for encryption', () => jsonWebKey(jwk(rsa.publicKey, { use: 'enc' })), /"use"/],
    ['a key for other operations', () => jsonWebKey(jwk(rsa.publicKey, { key_ops: ['encrypt'] })), /key_ops/],
    ['operations that are no list', () => jsonWebKey(jwk(rsa.publicKey, { key_ops: 'verify' })), /key_ops/],
    ['an algorithm of another kind', () => jsonWebKey(jwk(rsa.publicKey, { alg: 'HS256' })), /"alg"/],
    ['the algorithm none', () => jsonWebKey(jwk(rsa.publicKey, { alg: 'none' })), /"alg"/],
    ['an unknown kind', () => jsonWebKey(jwk(rsa.publicKey, { kty: 'AKP' })), /"kty"/],
    ['a point off the curve', () => jsonWebKey(jwk(ec('P-256').publicKey, { x: 'A'.repeat(43) })), /valid key/],
    ['a kid that is a number', () => jsonWebKey(jwk(rsa.publicKey, { kid: 1 })), /"kid" is not a string/],
    ['a secret in the wrong alphabet', () => jsonWebKey(scanJsonText('{"kty":"oct","k":"++++"}')), /base64url/],
  ];
  test.each(rows)('%s', (_, make, reason) => {
    expect(make).toThrow(UnusableKey);
    expect(make).toThrow(reason);
  });

  test('fresh RSA keys have no ROCA fingerprint', () => {
    const { n } = rsa.publicKey.export({ format: 'jwk' });
    expect(hasRocaFingerprint(BigInt(`0x${Buffer.from(String(n), 'base64url').toString('hex')}`))).toBe(false);
    // A power of the generator's base has it by construction.
    expect(hasRocaFingerprint(65537n ** 7n)).toBe(true);
  });
});

const set = (keys: readonly unknown[], secrets = true) =>
  parseKeySet(Buffer.from(JSON.stringify({ keys })), { secrets });
const plain = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more });
const oct = (kid: string, byte = 1) => ({ kty: 'oct', kid, k: Buffer.alloc(32, byte).toString('base64url') });

describe('key sets', () => {
  const one = ec('P-256').publicKey;
  const two = ec('P-256').publicKey;

  test('a key that cannot be used is left out and named; the others work', () => {
    const keys = set([plain(one, { kid: 'a' }), { kty: 'RSA', kid: 'weak', n: 'AQAB', e: 'AQAB' }, { kty: 'new' }, 7]);
    expect(keys.keys.map((key) => key.kid)).toEqual(['a']);
    expect(keys.problems.map((problem) => problem.split(':')[0])).toEqual(['key 1 (kid "weak")', 'key 2', 'key 3']);
  });

  test('an unknown key id is not served by another key', () => {
    const keys = set([plain(one, { kid: 'a' }), plain(two, { kid: 'b' })]);
    expect(keys.choose('ES256', 'a').found).toHaveLength(1);
    for (const kid of ['c', '', '__proto__', 'constructor', '../a', "a' OR '1'='1", 'A']) {
      expect(keys.choose('ES256', kid)).toEqual({ found: undefined, because: 'unknown-key' });
    }
  });

  test('a token without a key id is tried with every key that serves its algorithm, up to four', () => {
    const several = (count: number) => set(Array.from({ length: count }, () => plain(ec('P-256').publicKey)));
    expect(several(4).choose('ES256', undefined).found).toHaveLength(4);
    expect(several(5).choose('ES256', undefined)).toEqual({ found: undefined, because: 'ambiguous' });
    expect(several(1).choose('RS256', undefined)).toEqual({ found: undefined, because: 'algorithm' });
  });

  test('two keys under one id are ambiguous when both serve the algorithm, and only then', () => {
    const keys = set([plain(one, { kid: 'a' }), plain(two, { kid: 'a' }), plain(ed25519.publicKey, { kid: 'a' })]);
    expect(keys.choose('ES256', 'a')).toEqual({ found: undefined, because: 'ambiguous' });
    expect(keys.choose('EdDSA', 'a').found).toHaveLength(1);
  });

  test('shared secrets: in a file, alone; in a published set never', () => {
    expect(set([oct('a')]).choose('HS256', 'a').found).toHaveLength(1);
    expect(() => set([oct('a'), plain(one, { kid: 'b' })])).toThrow(InvalidKeySet);
    const published = set([oct('a'), plain(one, { kid: 'b' })], false);
    expect(published.choose('HS256', 'a')).toEqual({ found: undefined, because: 'unknown-key' });
    expect(published.choose('HS256', 'b')).toEqual({ found: undefined, because: 'algorithm' });
    expect(published.problems).toHaveLength(1);
    expect(JSON.stringify(published.problems)).not.toContain(oct('a').k);
  });

  test('a lone key without an id stands for any', () => {
    expect(new KeySet([secretKey(Buffer.alloc(32))]).choose('HS256', 'whatever').found).toHaveLength(1);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['', 'nothing'],
    ['[]', 'an array'],
    ['{}', 'no keys'],
    ['{"keys":{}}', 'keys that are no list'],
    ['{"keys":[],"keys":[]}', 'keys twice'],
    ['{"keys":[{"kty":"oct","kty":"RSA"}]}', 'a member twice'],
    [JSON.stringify({ keys: Array.from({ length: 257 }, () => ({})) }), 'too many keys'],
    ['<html></html>', 'a web page'],
  ];
  test.each(refused)('%# is refused: %j', (text) => {
    expect(() => parseKeySet(Buffer.from(text), { secrets: true })).toThrow(InvalidKeySet);
  });
});
