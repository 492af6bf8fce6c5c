import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { parseJws, verifySignature } from './jws.ts';
import { InvalidKeySet, KeySet, parseKeySet } from './key-set.ts';
import { fixedKeys } from './key-source.ts';
import { TokenFailure } from './token-failure.ts';
import { TokenVerifier } from './token-verifier.ts';

const corpus = join(process.env['PORTCULLIS_CORPORA'] ?? join(import.meta.dirname, '../../../shared/corpora'), 'jose');

type Jwk = Readonly<Record<string, unknown>>;

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid';
  readonly jws?: unknown;
  readonly jwe?: unknown;
}

interface Group {
  readonly comment: string;
  readonly public?: Jwk | { readonly keys: readonly Jwk[] };
  readonly private?: Jwk | { readonly keys: readonly Jwk[] };
  readonly tests: readonly Case[];
}

function groups(file: string): readonly Group[] {
  const path = join(corpus, file);
  if (!existsSync(path)) return [];
  return (JSON.parse(readFileSync(path, 'utf8')) as { testGroups: Group[] }).testGroups;
}

/** The group's key as a key set; `undefined` when the whole set is refused. */
function keysOf(group: Group, options: { readonly forgetAlg?: boolean } = {}): KeySet | undefined {
  const key = group.public ?? group.private ?? {};
  const list = 'keys' in key && Array.isArray(key.keys) ? (key.keys as readonly Jwk[]) : [key as Jwk];
  const keys = list.map((jwk) => {
    const { alg, ...rest } = jwk;
    return options.forgetAlg === true ? rest : { ...rest, ...(alg === undefined ? {} : { alg }) };
  });
  try {
    return parseKeySet(Buffer.from(JSON.stringify({ keys })), { secrets: true });
  } catch (error) {
    if (error instanceof InvalidKeySet) return undefined;
    throw error;
  }
}

const textOf = (one: Case): string => {
  const token = one.jws ?? one.jwe;
  return typeof token === 'string' ? token : JSON.stringify(token);
};

/** Whether a token's signature verifies under a set, by the rules that the gateway uses. */
async function verifies(keys: KeySet | undefined, text: string): Promise<boolean> {
  if (keys === undefined) return false;
  try {
    const jws = parseJws(text);
    const choice = keys.choose(jws.algorithm, jws.keyId);
    if (choice.found === undefined) return false;
    await verifySignature(jws, choice.found);
    return true;
  } catch (error) {
    if (error instanceof TokenFailure) return false;
    throw error;
  }
}

/**
 * Valid for Wycheproof, refused here on purpose: the key says one algorithm and the token another (PS256 and PS384), or the
 * key names an algorithm that does not exist (ES521). Here the key decides (RFC 8725 §3.1).
 */
const keyDisagrees = new Set([346, 347, 350, 351]);
/** Valid for Wycheproof, though a `?` stands in the base64url text; RFC 7515 §2 has no such character, so refused here. */
const strayCharacter = new Set([372, 373]);
/** Called invalid, but the padding that they are about was lost: they are the valid test 357 to the letter. */
const lostPadding = new Set([367, 370]);

/** What a test of the signature file should give, by Wycheproof and the three notes above. */
function expected(one: Case): boolean {
  return (
    (one.result === 'valid' && !keyDisagrees.has(one.tcId) && !strayCharacter.has(one.tcId)) ||
    lostPadding.has(one.tcId)
  );
}

const signatures = groups('json_web_signature_test.json');
const mixed = groups('json_web_crypto_test.json');
const keySets = groups('json_web_key_test.json');
const encrypted = groups('json_web_encryption_test.json');

describe.skipIf(!existsSync(corpus))('[SEC-jose-corpus] Wycheproof (skipped when the corpora are not there)', () => {
  test('is there', () => {
    const count = (list: readonly Group[]) => list.reduce((sum, group) => sum + group.tests.length, 0);
    expect([signatures, keySets, mixed, encrypted].map(count)).toEqual([401, 26, 83, 139]);
  });

  const tables = [
    ['signatures', signatures],
    ['key sets', keySets],
    ['mixed', mixed.filter((group) => group.tests.some((one) => one.jws !== undefined))],
  ] as const;
  describe.each(tables)('%s', (name, list) => {
    test.each(list.map((group) => [group.comment, group] as const))('%s', async (_, group) => {
      const keys = keysOf(group);
      const wrong: string[] = [];
      for (const one of group.tests) {
        const right = name === 'signatures' ? expected(one) : one.result === 'valid';
        if ((await verifies(keys, textOf(one))) !== right) wrong.push(`${one.tcId} ${one.result} ${one.comment}`);
      }
      expect(wrong).toEqual([]);
    });
  });

  test('the four that are refused because the key disagrees verify once the key says nothing', async () => {
    const found: number[] = [];
    for (const group of signatures) {
      for (const one of group.tests) {
        if (keyDisagrees.has(one.tcId) && (await verifies(keysOf(group, { forgetAlg: true }), textOf(one))))
          found.push(one.tcId);
      }
    }
    expect(found).toEqual([...keyDisagrees]);
  });

  test('the two that lost their padding are a valid token to the letter', () => {
    const all = signatures.flatMap((group) => group.tests);
    const valid = all.find((one) => one.tcId === 357);
    expect(all.filter((one) => lostPadding.has(one.tcId)).map(textOf)).toEqual([valid?.jws, valid?.jws]);
    expect(all.filter((one) => strayCharacter.has(one.tcId)).every((one) => textOf(one).includes('?'))).toBe(true);
  });

  test('every encrypted token is refused, and so is every valid signature over something that is no claims set', async () => {
    const accepted: string[] = [];
    for (const group of [...encrypted, ...mixed, ...signatures, ...keySets]) {
      const verifier = new TokenVerifier({
        keys: { source: fixedKeys(keysOf(group) ?? new KeySet([])), issuers: undefined },
        times: { leeway: 0, requireExpiration: true },
        clock: systemClock,
      });
      for (const one of group.tests) {
        try {
          await verifier.verify(textOf(one));
          accepted.push(`${group.comment} ${one.tcId}`);
        } catch (error) {
          if (!(error instanceof TokenFailure)) throw error;
        }
      }
    }
    expect(accepted).toEqual([]);
  });
});
