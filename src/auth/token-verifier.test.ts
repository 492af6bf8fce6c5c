import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { JsonNumber } from '../http/json.ts';
import { KeySet, parseKeySet } from './key-set.ts';
import { fixedKeys, type KeySource } from './key-source.ts';
import { Principal } from './principal.ts';
import { TokenFailure } from './token-failure.ts';
import { TokenVerifier, type TrustedKeys } from './token-verifier.ts';
import { publicKey, secretKey } from './verification-key.ts';

const secret = Buffer.from('my-super-secret-key-change-in-production');
const now = Date.UTC(2026, 5, 1, 12);
const seconds = now / 1000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const spki = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString();

const b64 = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const rawToken = (header: string, payload: string, key: Buffer = secret) => {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};
const hs256 = (claims: object | string, header: object = {}) =>
  rawToken(
    JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }),
    typeof claims === 'string' ? claims : JSON.stringify(claims),
  );
const good = { sub: 'alice', exp: seconds + 3600 };

interface Setup {
  readonly keys?: TrustedKeys;
  readonly leeway?: number;
  readonly requireExpiration?: boolean;
}

function setUp(setup: Setup = {}) {
  const clock = manualClock(now);
  const verifier = new TokenVerifier({
    keys: setup.keys ?? { source: fixedKeys(new KeySet([secretKey(secret)])), issuers: undefined },
    times: { leeway: setup.leeway ?? 30_000, requireExpiration: setup.requireExpiration ?? true },
    clock,
  });
  return { clock, verifier };
}

async function codeOf(verifier: TokenVerifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'ok';
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    expect(verifier.recall(token)).toBeUndefined();
    return error.code;
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('[SEC-jwt-attacks] RFC 8725 and its stories', () => {
  const pem = spki(rsa.publicKey);
  const confused = (key: string | Buffer) => {
    const input = `${b64('{"alg":"HS256"}')}.${b64(JSON.stringify(good))}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };
  const rows: readonly (readonly [string, string, string])[] = [
    ['alg none, no signature', `${b64('{"alg":"none"}')}.${b64(JSON.stringify(good))}.`, 'jwt_malformed'],
    ['alg none with a signature', `${b64('{"alg":"none"}')}.${b64(JSON.stringify(good))}.AA`, 'jwt_algorithm'],
    ['alg NONE', `${b64('{"alg":"NONE"}')}.${b64(JSON.stringify(good))}.AA`, 'jwt_algorithm'],
    ['no alg', rawToken('{"typ":"JWT"}', JSON.stringify(good)), 'jwt_malformed'],
    ['alg twice', rawToken('{"alg":"none","alg":"HS256"}', JSON.stringify(good)), 'jwt_malformed'],
    [
      'alg twice through an escape',
      rawToken('{"alg":"HS256","\\u0061lg":"none"}', JSON.stringify(good)),
      'jwt_malformed',
    ],
    ['alg as a list', rawToken('{"alg":["HS256"]}', JSON.stringify(good)), 'jwt_malformed'],
    ['alg in lower case', rawToken('{"alg":"hs256"}', JSON.stringify(good)), 'jwt_algorithm'],
    ['alg that is a property of objects', rawToken('{"alg":"toString"}', JSON.stringify(good)), 'jwt_algorithm'],
    [
      'HMAC with an empty key',
      hs256(good).replace(/[^.]*$/, createHmac('sha256', '').update('x').digest('base64url')),
      'jwt_signature',
    ],
    ['an algorithm that the secret is too short for', hs256(good, { alg: 'HS512' }), 'jwt_algorithm'],
    ['embedded jwk', hs256(good, { alg: 'ES256', jwk: ec.publicKey.export({ format: 'jwk' }) }), 'jwt_algorithm'],
    ['unknown crit', hs256(good, { crit: ['exp'] }), 'jwt_header'],
    ['empty crit', hs256(good, { crit: [] }), 'jwt_header'],
    ['b64 false', hs256(good, { b64: false, crit: ['b64'] }), 'jwt_header'],
    ['b64 true', hs256(good, { b64: true }), 'jwt_header'],
    ['kid as a number', hs256(good, { kid: 1 }), 'jwt_malformed'],
    ['kid as an object', hs256(good, { kid: {} }), 'jwt_malformed'],
    ['a log-out token', hs256(good, { typ: 'logout+jwt' }), 'jwt_header'],
    ['an ID-JAG', hs256(good, { typ: 'oauth-id-jag+jwt' }), 'jwt_header'],
    ['a DPoP proof', hs256(good, { typ: 'dpop+jwt' }), 'jwt_header'],
    ['typ as a list', hs256(good, { typ: ['JWT'] }), 'jwt_malformed'],
    ['an access token type', hs256(good, { typ: 'at+jwt' }), 'ok'],
    ['an access token type in full', hs256(good, { typ: 'application/at+JWT' }), 'ok'],
    ['a header that is no object', rawToken('["alg","HS256"]', JSON.stringify(good)), 'jwt_malformed'],
    ['claims that are no object', hs256('"alice"'), 'jwt_malformed'],
    ['claims with trailing bytes', hs256(`${JSON.stringify(good)}{}`), 'jwt_malformed'],
    ['a claim twice', hs256(`{"sub":"alice","sub":"root","exp":${good.exp}}`), 'jwt_malformed'],
    ['a nested member twice', hs256(`{"sub":"alice","x":{"a":1,"a":2},"exp":${good.exp}}`), 'jwt_malformed'],
    ['exp twice', hs256(`{"exp":1,"exp":${good.exp}}`), 'jwt_malformed'],
    ['five parts', `${hs256(good)}.a.b`, 'jwt_malformed'],
    ['two parts', hs256(good).replace(/\.[^.]*$/, ''), 'jwt_malformed'],
    ['padding', `${hs256(good)}=`, 'jwt_malformed'],
    ['white space', `${hs256(good)} `, 'jwt_malformed'],
    ['standard base64', hs256(good).replace(/\.[^.]*$/, '.++//'), 'jwt_malformed'],
    ['too long', hs256({ ...good, x: 'x'.repeat(20_000) }), 'jwt_malformed'],
    ['nothing', '', 'jwt_malformed'],
    ['dots', '..', 'jwt_malformed'],
  ];
  test.each(rows)('%s', async (_, token, code) => {
    vi.stubGlobal('fetch', () => {
      throw new Error('a token caused a fetch');
    });
    expect(await codeOf(setUp().verifier, token)).toBe(code);
  });

  test.each([
    ['the PEM', pem],
    ['the PEM without its end', pem.trimEnd()],
    ['the PEM and a line more', `${pem}\n`],
    ['base64 of the key', pem.replace(/-----[A-Z ]+-----|\n/g, '')],
    ['the bytes of the key', rsa.publicKey.export({ format: 'der', type: 'spki' })],
    ['nothing', ''],
  ])('HMAC with a public key: %s', async (_, key) => {
    const { verifier } = setUp({ keys: { source: fixedKeys(new KeySet([publicKey(pem)])), issuers: undefined } });
    expect(await codeOf(verifier, confused(key))).toBe('jwt_algorithm');
  });

  test.each([
    ['jku', { jku: 'http://127.0.0.1:9/keys' }],
    ['x5u', { x5u: 'http://127.0.0.1:9/cert' }],
    ['jwk', { jwk: ec.publicKey.export({ format: 'jwk' }) }],
    ['x5c', { x5c: ['AAAA'] }],
  ])('%s in the header is not even looked at', async (_, header) => {
    const { verifier } = setUp({
      keys: { source: fixedKeys(new KeySet([publicKey(spki(rsa.publicKey))])), issuers: undefined },
    });
    const own = await new SignJWT(good)
      .setProtectedHeader({ alg: 'RS256', ...header } as { alg: string })
      .sign(rsa.privateKey);
    const theirs = await new SignJWT(good)
      .setProtectedHeader({ alg: 'ES256', ...header } as { alg: string })
      .sign(ec.privateKey);
    expect([await codeOf(verifier, own), await codeOf(verifier, theirs)]).toEqual(['ok', 'jwt_algorithm']);
  });

  test('a signature of the right key over another algorithm of the same family is not confused', async () => {
    const { verifier } = setUp({
      keys: { source: fixedKeys(new KeySet([publicKey(spki(rsa.publicKey))])), issuers: undefined },
    });
    const input = `${b64('{"alg":"PS256"}')}.${b64(JSON.stringify(good))}`;
    const pkcs1 = signBytes('sha256', Buffer.from(input), rsa.privateKey).toString('base64url');
    expect(await codeOf(verifier, `${input}.${pkcs1}`)).toBe('jwt_signature');
  });
});

describe('[SEC-jwt-alteration] a token altered at any byte is refused', () => {
  const kinds = [
    ['HS256', secretKey(secret), secret],
    ['RS256', publicKey(spki(rsa.publicKey)), rsa.privateKey],
    ['PS256', publicKey(spki(rsa.publicKey)), rsa.privateKey],
    ['ES256', publicKey(spki(ec.publicKey)), ec.privateKey],
    ['EdDSA', publicKey(spki(ed.publicKey)), ed.privateKey],
  ] as const;
  test.each(kinds)('%s', async (alg, key, signer) => {
    const { verifier } = setUp({ keys: { source: fixedKeys(new KeySet([key])), issuers: undefined } });
    const token = await new SignJWT(good).setProtectedHeader({ alg }).sign(signer);
    expect(await codeOf(verifier, token)).toBe('ok');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ,%\u00e9\0';
    // Every position once, each with one other character; and random insertions and deletions.
    const altered: string[] = [];
    for (let at = 0; at < token.length; at++) {
      const other =
        alphabet[(at * 7) % alphabet.length] === token[at] ? '.' : (alphabet[(at * 7) % alphabet.length] ?? '.');
      altered.push(token.slice(0, at) + other + token.slice(at + 1));
    }
    // The last character of a part may hold unused bits: all its neighbours.
    for (const end of [token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 1]) {
      for (const other of alphabet)
        if (other !== token[end]) altered.push(token.slice(0, end) + other + token.slice(end + 1));
    }
    const accepted: string[] = [];
    for (const text of altered) if (text !== token && (await codeOf(verifier, text)) === 'ok') accepted.push(text);
    expect(accepted).toEqual([]);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length), fc.string({ maxLength: 3 }), fc.nat(3), async (at, inserted, removed) => {
        const text = token.slice(0, at) + inserted + token.slice(at + removed);
        if (text !== token) expect(await codeOf(verifier, text)).not.toBe('ok');
      }),
      { numRuns: 100 },
    );
  });
});

describe('[SEC-jwt-times] exp, nbf and iat', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['no exp', '{}', 'jwt_claims_malformed'],
    ['exp ahead', `{"exp":${seconds + 1}}`, 'ok'],
    ['exp now', `{"exp":${seconds}}`, 'ok'],
    ['exp within the leeway', `{"exp":${seconds - 29}}`, 'ok'],
    ['exp at the end of the leeway', `{"exp":${seconds - 30}}`, 'jwt_expired'],
    ['exp with a fraction', `{"exp":${seconds - 29}.5}`, 'ok'],
    ['exp 0', '{"exp":0}', 'jwt_expired'],
    ['exp negative', '{"exp":-1}', 'jwt_expired'],
    ['exp in text', `{"exp":"${seconds + 60}"}`, 'jwt_claims_malformed'],
    ['exp null', '{"exp":null}', 'jwt_claims_malformed'],
    ['exp as a list', `{"exp":[${seconds + 60}]}`, 'jwt_claims_malformed'],
    ['exp as a truth', '{"exp":true}', 'jwt_claims_malformed'],
    ['exp beyond all numbers', '{"exp":1e400}', 'jwt_claims_malformed'],
    ['exp far ahead', '{"exp":1e12}', 'ok'],
    ['nbf past', `{"exp":${seconds + 60},"nbf":${seconds - 60}}`, 'ok'],
    ['nbf within the leeway', `{"exp":${seconds + 60},"nbf":${seconds + 30}}`, 'ok'],
    ['nbf ahead', `{"exp":${seconds + 60},"nbf":${seconds + 31}}`, 'jwt_not_yet_valid'],
    ['nbf in text', `{"exp":${seconds + 60},"nbf":"0"}`, 'jwt_claims_malformed'],
    ['iat ahead', `{"exp":${seconds + 60},"iat":${seconds + 31}}`, 'jwt_issued_in_future'],
    ['iat in text', `{"exp":${seconds + 60},"iat":"0"}`, 'jwt_claims_malformed'],
    ['sub as a number', `{"exp":${seconds + 60},"sub":1}`, 'jwt_claims_malformed'],
    ['sub as a list', `{"exp":${seconds + 60},"sub":["alice"]}`, 'jwt_claims_malformed'],
    ['iss as an object', `{"exp":${seconds + 60},"iss":{}}`, 'jwt_claims_malformed'],
    ['aud as a number', `{"exp":${seconds + 60},"aud":1}`, 'jwt_claims_malformed'],
    ['aud with a number in it', `{"exp":${seconds + 60},"aud":["a",1]}`, 'jwt_claims_malformed'],
    ['aud null', `{"exp":${seconds + 60},"aud":null}`, 'jwt_claims_malformed'],
  ];
  test.each(rows)('%s', async (_, claims, code) => {
    expect(await codeOf(setUp().verifier, hs256(claims))).toBe(code);
  });

  test('exp may be missing only where that was asked for', async () => {
    const { verifier } = setUp({ requireExpiration: false });
    expect(await codeOf(verifier, hs256('{}'))).toBe('ok');
    expect(await codeOf(verifier, hs256(`{"exp":${seconds - 60}}`))).toBe('jwt_expired');
  });

  test('the leeway can be set to nothing', async () => {
    expect(await codeOf(setUp({ leeway: 0 }).verifier, hs256({ exp: seconds }))).toBe('jwt_expired');
  });
});

describe('[DP-5.issuer] issuers', () => {
  const source = fixedKeys(new KeySet([secretKey(secret)]));
  const other = fixedKeys(new KeySet([secretKey(Buffer.alloc(32, 7))]));

  test.each([
    ['the issuer', 'https://a', 'ok'],
    ['another', 'https://b', 'jwt_issuer'],
    ['one with a slash more', 'https://a/', 'jwt_issuer'],
    ['none', undefined, 'jwt_issuer'],
  ])('with issuers configured: %s', async (_, iss, code) => {
    const { verifier } = setUp({ keys: { source, issuers: new Set(['https://a']) } });
    expect(await codeOf(verifier, hs256({ ...good, iss }))).toBe(code);
  });

  test.each([
    ['its own key', 'https://a', secret, 'ok'],
    ['the key of another trusted issuer', 'https://b', secret, 'jwt_signature'],
    ['an issuer nobody trusts', 'https://c', secret, 'jwt_issuer'],
    ['no issuer', undefined, secret, 'jwt_issuer'],
    ['an issuer that is a property of objects', '__proto__', secret, 'jwt_issuer'],
  ])('with keys by issuer: %s', async (_, iss, key, code) => {
    const byIssuer = new Map([
      ['https://a', source],
      ['https://b', other],
    ]);
    const { verifier } = setUp({ keys: { byIssuer } });
    expect(await codeOf(verifier, rawToken('{"alg":"HS256"}', JSON.stringify({ ...good, iss }), key))).toBe(code);
  });
});

describe('what a verified token proves', () => {
  test('[DP-5.claims] claims keep their exact numbers, and the principal is one that auth made', async () => {
    const { verifier } = setUp();
    const { principal, audience } = await verifier.verify(
      hs256(`{"sub":"alice","iss":"i","aud":["x","y"],"limit":9007199254740993,"exp":${seconds}.5e0}`),
    );
    expect(Principal.is(principal)).toBe(true);
    expect([principal.kind, principal.issuer, principal.subject]).toEqual(['jwt', 'i', 'alice']);
    expect(principal.claims.get('limit')).toEqual(new JsonNumber('9007199254740993'));
    expect(principal.expiresAt).toBe(now + 500);
    expect(audience).toEqual(['x', 'y']);
  });
});

/** A source whose keys a test may exchange. */
function changingSource(keys: KeySet): KeySource & { current: KeySet | undefined } {
  return { ...fixedKeys(keys), current: keys };
}

describe('[DP-5.token-cache] verified tokens are remembered', () => {
  test('until they expire, by the wall clock and without the leeway', async () => {
    const { verifier, clock } = setUp();
    const token = hs256({ sub: 'alice', exp: seconds + 10 });
    expect(verifier.recall(token)).toBeUndefined();
    const verified = await verifier.verify(token);
    expect(verifier.recall(token)).toBe(verified);
    clock.setWall(now + 9_999);
    expect(verifier.recall(token)).toBe(verified);
    clock.setWall(now + 10_000);
    expect(verifier.recall(token)).toBeUndefined();
    // The leeway is for a full verification, which does not put it back.
    await verifier.verify(token);
    expect(verifier.recall(token)).toBeUndefined();
  });

  test('until the keys change or are gone', async () => {
    const source = changingSource(new KeySet([secretKey(secret)]));
    const { verifier } = setUp({ keys: { source, issuers: undefined } });
    const token = hs256(good);
    await verifier.verify(token);
    expect(verifier.recall(token)).toBeDefined();
    source.current = new KeySet([secretKey(secret)]);
    expect(verifier.recall(token)).toBeUndefined();
    await verifier.verify(token);
    source.current = undefined;
    expect(verifier.recall(token)).toBeUndefined();
    source.current = new KeySet([secretKey(Buffer.alloc(32))]);
    expect(await codeOf(verifier, token)).toBe('jwt_signature');
  });

  test('and never give away another token’s identity', async () => {
    const { verifier } = setUp();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => hs256({ sub: `user-${index}`, exp: seconds + 60 })),
    );
    for (const token of tokens) await verifier.verify(token);
    for (const [index, token] of tokens.entries())
      expect(verifier.recall(token)?.principal.subject).toBe(`user-${index}`);
    fc.assert(
      fc.property(fc.nat(49), fc.nat(49), fc.nat(400), (a, b, cut) => {
        // Spliced from two remembered tokens, as a guesser of prefixes or suffixes would.
        const left = tokens[a] ?? '';
        const right = tokens[b] ?? '';
        const spliced = left.slice(0, cut) + right.slice(cut);
        const found = verifier.recall(spliced)?.principal.subject;
        expect(found).toBe(tokens.includes(spliced) ? `user-${tokens.indexOf(spliced)}` : undefined);
      }),
    );
  });

  test('a token whose end equals that of a remembered one is another token', async () => {
    const { verifier } = setUp();
    const token = hs256({ sub: 'alice', exp: seconds + 60, padding: 'x'.repeat(200) });
    await verifier.verify(token);
    const forged = `${b64('{"alg":"HS256","x":1}')}.${token.split('.').slice(1).join('.')}`;
    expect(forged.slice(-86)).toBe(token.slice(-86));
    expect(verifier.recall(forged)).toBeUndefined();
    expect(await codeOf(verifier, forged)).toBe('jwt_signature');
    expect(verifier.recall(token)?.principal.subject).toBe('alice');
  });
});

test('a JWKS with one key id serves tokens that name it, whatever else the header says', async () => {
  const keys = parseKeySet(
    Buffer.from(JSON.stringify({ keys: [{ ...ec.publicKey.export({ format: 'jwk' }), kid: 'k' }] })),
    {
      secrets: false,
    },
  );
  const { verifier } = setUp({ keys: { source: fixedKeys(keys), issuers: undefined } });
  const signed = (kid?: string) =>
    new SignJWT(good).setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) }).sign(ec.privateKey);
  expect(await codeOf(verifier, await signed('k'))).toBe('ok');
  expect(await codeOf(verifier, await signed())).toBe('ok');
  expect(await codeOf(verifier, await signed('other'))).toBe('jwt_key_unknown');
});
