import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { portcullis } from '../../test/cli/surroundings.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-token-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = 'my-super-secret-key-change-in-production';

async function claimsOf(...argv: string[]) {
  const { code, out, err } = await portcullis(['token', '--secret', secret, ...argv]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\n$/);
  const { payload } = await jwtVerify(out.trim(), Buffer.from(secret), { algorithms: ['HS256'] });
  const { iat, exp, ...claims } = payload;
  return { claims, iat, exp };
}

describe('claims', () => {
  test.each<[string[], object]>([
    [[], {}],
    [['--claim', 'groups=developer'], { groups: 'developer' }],
    [['--claim', 'groups=a', '--claim=groups=b'], { groups: ['a', 'b'] }],
    [['--claim', 'groups[]=developer'], { groups: ['developer'] }],
    [['--claim', 'groups=a', '--claim', 'groups[]=b', '--claim', 'groups=c'], { groups: ['a', 'b', 'c'] }],
    [['--claim', 'note=a=b'], { note: 'a=b' }],
    [['--claim', 'empty='], { empty: '' }],
    [['--claim', 'https://a.example/role=admin'], { 'https://a.example/role': 'admin' }],
    [['--claim-json', 'limits={"a":[1,null]}', '--claim-json=n=5'], { limits: { a: [1, null] }, n: 5 }],
    [
      ['--sub', 'dev-user', '--issuer', 'https://idp', '--audience', 'x'],
      { sub: 'dev-user', iss: 'https://idp', aud: 'x' },
    ],
    [['--audience', 'x', '--audience', 'y'], { aud: ['x', 'y'] }],
    [
      ['{"sub":"admin-user","groups":["admin"],"email":"a@example.com"}'],
      { sub: 'admin-user', groups: ['admin'], email: 'a@example.com' },
    ],
    [['{"sub":"a","groups":["x"]}', '--sub', 'b', '--claim', 'groups=y'], { sub: 'b', groups: ['y'] }],
  ])('[G-8.token-command] %j', async (argv, expected) => {
    expect((await claimsOf(...argv)).claims).toEqual(expected);
  });

  test.each([
    [[], 3600],
    [['--expires', '90s'], 90],
    [['--expires=8h'], 8 * 3600],
    [['--expires', 'never'], undefined],
    [['{"exp":4102444800}'], 4_102_444_800],
  ])('expiry with %j', async (argv, lifetime) => {
    const { iat, exp } = await claimsOf(...argv);
    expect(Math.abs((iat ?? 0) - Date.now() / 1000)).toBeLessThan(5);
    expect(exp).toBe(lifetime === undefined || lifetime > 1e9 ? lifetime : (iat ?? 0) + lifetime);
  });
});

describe('keys', () => {
  const kinds: readonly [
    name: string,
    make: () => { privateKey: KeyObject; publicKey: KeyObject },
    alg: string,
    wanted?: string,
  ][] = [
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
    ['RSA asked for PS384', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'PS384', 'PS384'],
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ES512'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), 'EdDSA'],
  ];
  const formats: readonly [name: string, write: (key: KeyObject) => string][] = [
    ['PEM', (key) => String(key.export({ type: 'pkcs8', format: 'pem' }))],
    ['JWK', (key) => JSON.stringify({ ...key.export({ format: 'jwk' }), kid: 'key-1' })],
    [
      'JWK set',
      (key) => JSON.stringify({ keys: [{ kty: 'oct' }, { ...key.export({ format: 'jwk' }), kid: 'key-1' }] }),
    ],
  ];

  test.each(kinds.flatMap((kind) => formats.map((format) => [`${kind[0]} as ${format[0]}`, kind, format] as const)))(
    '[G-8.token-command] %s: what the token says and what verifies it',
    async (_title, [, make, alg, wanted], [format, write]) => {
      const { privateKey, publicKey } = make();
      const file = join(folder, 'key');
      writeFileSync(file, write(privateKey));
      const { code, out, err } = await portcullis([
        'token',
        '--key',
        file,
        '--sub',
        'x',
        ...(wanted === undefined ? [] : ['--alg', wanted]),
      ]);
      expect([code, err]).toEqual([0, '']);
      const kid = format === 'PEM' ? undefined : 'key-1';
      expect(decodeProtectedHeader(out.trim())).toEqual({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) });
      const jwk = await exportJWK(publicKey);
      const keys = createLocalJWKSet({ keys: [{ ...jwk, alg, ...(kid === undefined ? {} : { kid }) }] });
      expect((await jwtVerify(out.trim(), keys, { algorithms: [alg] })).payload.sub).toBe('x');
    },
  );

  test('a kid for a key that has none', async () => {
    const file = join(folder, 'pem');
    writeFileSync(file, String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const { out } = await portcullis(['token', '--key', file, '--kid', 'k9']);
    expect(decodeProtectedHeader(out.trim()).kid).toBe('k9');
  });

  test('a short secret works and is told, on the other channel', async () => {
    const { code, out, err } = await portcullis(['token', '--secret', 'short']);
    expect(code).toBe(0);
    expect(err).toBe('warning: the secret has 5 bytes; HS256 asks for at least 32 (RFC 7518 §3.2)\n');
    await jwtVerify(out.trim(), Buffer.from('short'));
  });
});

describe('mistakes', () => {
  const publicPem = join(folder, 'public.pem');
  writeFileSync(publicPem, String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })));
  const encryption = join(folder, 'x25519.pem');
  writeFileSync(encryption, String(generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const junk = join(folder, 'junk');
  writeFileSync(junk, '{"hunter2":');

  test.each<[string[], string]>([
    [[], 'give --secret TEXT or --key FILE'],
    [['--secret', ''], 'the secret is empty'],
    [['--secret', secret, '--key', 'x'], 'cannot be used with'],
    [['--secret', secret, '--alg', 'none'], '--alg with --secret is one of HS256, HS384, HS512'],
    [['--secret', secret, '--alg', 'RS256'], '--alg with --secret is one of'],
    [['--secret', secret, '--claim', 'groups'], '--claim takes name=value'],
    [['--secret', secret, '--claim-json', 'a={'], '--claim-json a:'],
    [['--secret', secret, '[1]'], 'must be a JSON object'],
    [['--secret', secret, '{'], 'the claims:'],
    [['--secret', secret, '--expires', 'tomorrow'], '--expires takes a duration'],
    [['--secret', secret, '--clam', 'a=b'], 'Did you mean --claim?'],
    [['--key', join(folder, 'none')], 'cannot be read (ENOENT)'],
    [['--key', publicPem], 'holds no private key that can be used'],
    [['--key', encryption], 'cannot sign tokens'],
    [['--key', junk], 'is neither PEM nor JSON'],
  ])('%j', async (argv, expected) => {
    const { code, out, err } = await portcullis(['token', ...argv]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(expected);
    expect(err).not.toContain('hunter2');
  });
});
