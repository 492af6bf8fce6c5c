import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { Agent, type Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts';
import { RemoteKeySource } from './remote-key-source.ts';
import { KeysUnavailable, TokenFailure } from './token-failure.ts';
import { TokenVerifier } from './token-verifier.ts';

const start = Date.UTC(2026, 5, 1);
const exp = start / 1000 + 10 * 86_400;
const minute = 60_000;

interface Signer {
  readonly kid: string;
  readonly jwk: object;
  readonly key: KeyObject;
}

function newSigner(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, key: privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

const sign = ({ kid, key }: Signer, named: string | undefined = kid) =>
  new SignJWT({ sub: 'alice', exp })
    .setProtectedHeader({ alg: 'ES256', ...(named === '' ? {} : { kid: named }) })
    .sign(key);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const keysAnswer =
  (signers: readonly Signer[], headers: Record<string, string> = { 'cache-control': 'max-age=600' }): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ keys: signers.map((signer) => signer.jwk) }));
  };
const statusAnswer =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers);
    response.end();
  };

/** A key server whose answers the test decides, the source that asks it, and a verifier on top. */
class Bench {
  requests: IncomingMessage[] = [];
  answer: Answer;
  readonly clock: ManualClock = manualClock(start);
  readonly dispatcher: Dispatcher = new Agent();
  readonly #server: Server;
  #source: RemoteKeySource | undefined;

  constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      this.answer(request, response);
    });
  }

  async open(
    options: { maxRetries?: number; timeout?: number } = {},
  ): Promise<{ source: RemoteKeySource; verifier: TokenVerifier }> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const source = new RemoteKeySource({
      url: new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks?secret=hush`),
      dispatcher: this.dispatcher,
      timeout: options.timeout ?? 2_000,
      maxRetries: options.maxRetries ?? 0,
      clock: this.clock,
      log: { info() {}, warn() {} },
    });
    this.#source = source;
    const verifier = new TokenVerifier({
      keys: { source, issuers: undefined },
      times: { leeway: 0, requireExpiration: true },
      clock: this.clock,
    });
    return { source, verifier };
  }

  async close(): Promise<void> {
    this.#source?.dispose();
    await this.dispatcher.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Waits, in real time, until the server has been asked so often and the source has digested it. */
  async asked(times: number): Promise<void> {
    await vi.waitFor(() => expect(this.requests.length).toBe(times), { interval: 2 });
    await settle();
  }
}

/** Lets answers on loopback arrive. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

async function codeOf(verifier: TokenVerifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'ok';
  } catch (error) {
    if (error instanceof KeysUnavailable) return `unavailable ${error.retryAfter}`;
    if (error instanceof TokenFailure) return error.code;
    throw error;
  }
}

const old = newSigner('old');
const fresh = newSigner('fresh');
let bench: Bench;
beforeEach(() => {
  bench = new Bench(keysAnswer([old]));
});
afterEach(() => bench.close());

describe('[DP-5.jwks] key sets over HTTP', () => {
  test('are fetched once for any number of tokens, and again ahead of the end of their lifetime', async () => {
    const { verifier, source } = await bench.open();
    const token = await sign(old);
    expect(await Promise.all(Array.from({ length: 20 }, () => codeOf(verifier, token)))).toEqual(Array(20).fill('ok'));
    expect(bench.requests).toHaveLength(1);
    const keys = source.current;
    await bench.clock.advance(8 * minute - 1);
    await settle();
    expect(bench.requests).toHaveLength(1);
    await bench.clock.advance(1);
    await bench.asked(2);
    // The same bytes: the same keys, and what was verified stays verified.
    expect(source.current).toBe(keys);
    expect(verifier.recall(token)).toBeDefined();
  });

  test('are asked for conditionally, and 304 keeps them', async () => {
    const seen: (string | undefined)[] = [];
    bench.answer = (request, response) => {
      seen.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"v1"')
        statusAnswer(304, { 'cache-control': 'max-age=60' })(request, response);
      else keysAnswer([old], { etag: '"v1"', 'cache-control': 'max-age=60' })(request, response);
    };
    const { source } = await bench.open();
    await source.settled();
    const keys = source.current;
    await bench.clock.advance(48_000);
    await bench.asked(2);
    expect(source.current).toBe(keys);
    await bench.clock.advance(48_000);
    await bench.asked(3);
    expect(seen).toEqual([undefined, '"v1"', '"v1"']);
  });

  test('the first token waits for the first fetch', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    bench.answer = (request, response) => {
      void gate.then(() => keysAnswer([old])(request, response));
    };
    const { verifier } = await bench.open();
    const answer = codeOf(verifier, await sign(old));
    await bench.asked(1);
    release();
    expect(await answer).toBe('ok');
  });

  test('a rotation is picked up with the first token of the new key; tokens of a withdrawn key end', async () => {
    const { verifier } = await bench.open();
    const before = await sign(old);
    expect(await codeOf(verifier, before)).toBe('ok');
    bench.answer = keysAnswer([fresh]);
    expect(await codeOf(verifier, await sign(fresh))).toBe('ok');
    expect(bench.requests).toHaveLength(2);
    expect(verifier.recall(before)).toBeUndefined();
    expect(await codeOf(verifier, before)).toBe('jwt_key_unknown');
  });
});

describe('[SEC-jwks-flood] tokens cannot make the gateway fetch', () => {
  test('ten thousand unknown key ids in ten seconds cause one fetch more', async () => {
    const { verifier, source } = await bench.open();
    await source.settled();
    for (let second = 0; second < 10; second++) {
      const codes = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => {
          const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `k-${second}-${index}` })).toString(
            'base64url',
          );
          return codeOf(verifier, `${header}.e30.AAAA`);
        }),
      );
      expect(new Set(codes)).toEqual(new Set(['jwt_key_unknown']));
      await bench.clock.advance(1_000);
    }
    expect(bench.requests).toHaveLength(2);
  });

  test('after the cooldown of 30 s one more; a failed one counts too', async () => {
    const { verifier, source } = await bench.open();
    await source.settled();
    bench.answer = statusAnswer(500);
    const unknown = await sign(fresh);
    expect(await codeOf(verifier, unknown)).toBe('jwt_key_unknown');
    expect(bench.requests).toHaveLength(2);
    bench.answer = keysAnswer([old, fresh]);
    expect(await codeOf(verifier, unknown)).toBe('jwt_key_unknown');
    expect(bench.requests).toHaveLength(2);
    // The retry of the failed fetch comes by its own timer.
    await bench.clock.advance(1_000);
    await bench.asked(3);
    expect(await codeOf(verifier, unknown)).toBe('ok');
    const another = newSigner('another');
    expect(await codeOf(verifier, await sign(another))).toBe('jwt_key_unknown');
    expect(bench.requests).toHaveLength(3);
    await bench.clock.advance(30_000);
    await settle();
    const asked = bench.requests.length;
    bench.answer = keysAnswer([another]);
    expect(await codeOf(verifier, await sign(another))).toBe('ok');
    expect(bench.requests).toHaveLength(asked + 1);
  });

  test.each([
    ['a bad signature under a known key id', () => sign(fresh, 'old'), 'jwt_signature'],
    ['no key id', () => sign(fresh, ''), 'jwt_signature'],
    [
      'another algorithm',
      async () => `${Buffer.from('{"alg":"RS256","kid":"old"}').toString('base64url')}.e30.AAAA`,
      'jwt_algorithm',
    ],
    ['rubbish', async () => 'rubbish', 'jwt_malformed'],
  ])('%s causes none', async (_, make, code) => {
    const { verifier, source } = await bench.open();
    await source.settled();
    expect(await codeOf(verifier, await make())).toBe(code);
    await settle();
    expect(bench.requests).toHaveLength(1);
  });

  test('the URL is the configured one, whatever a token says', async () => {
    const { verifier, source } = await bench.open();
    await source.settled();
    const header = { alg: 'ES256', kid: 'fresh', jku: 'http://127.0.0.1:9/evil', x5u: 'http://127.0.0.1:9/evil' };
    await codeOf(verifier, `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.AAAA`);
    expect(bench.requests.map((request) => request.url)).toEqual(['/jwks?secret=hush', '/jwks?secret=hush']);
  });
});

describe('[SEC-jwks-down] the key server is down', () => {
  test('at the start: neither 401 nor let in, and ready without a restart once it is up', async () => {
    bench.answer = statusAnswer(503);
    const { verifier } = await bench.open();
    const token = await sign(old);
    expect(await codeOf(verifier, token)).toBe('unavailable 1');
    await bench.clock.advance(1_000);
    await bench.asked(2);
    expect(await codeOf(verifier, token)).toBe('unavailable 2');
    for (let second = 1; second < 10; second++) {
      await bench.clock.advance(1_000);
      await settle();
      expect(await codeOf(verifier, token)).toMatch(/^unavailable [1-8]$/);
    }
    // 1 s, 2 s, 4 s, 8 s: the server is not hammered.
    expect(bench.requests.length).toBeLessThanOrEqual(5);
    bench.answer = keysAnswer([old]);
    const asked = bench.requests.length;
    await bench.clock.advance(8_000);
    await bench.asked(asked + 1);
    expect(await codeOf(verifier, token)).toBe('ok');
  });

  test('later: the keys serve on for an hour past their lifetime, then no more', async () => {
    const { verifier } = await bench.open();
    const token = await sign(old);
    expect(await codeOf(verifier, token)).toBe('ok');
    bench.answer = statusAnswer(500);
    for (let at = 0; at < 69; at++) {
      await bench.clock.advance(minute);
      await settleQuickly();
    }
    expect(await codeOf(verifier, token)).toBe('ok');
    for (let at = 0; at < 3; at++) {
      await bench.clock.advance(minute);
      await settle();
    }
    expect(verifier.recall(token)).toBeUndefined();
    expect(await codeOf(verifier, token)).toMatch(/^unavailable /);
    bench.answer = keysAnswer([old]);
    await bench.clock.advance(30_000);
    await settle();
    expect(await codeOf(verifier, token)).toBe('ok');
  });

  test('quick further tries come before the next planned fetch', async () => {
    bench.answer = statusAnswer(500);
    const { verifier } = await bench.open({ maxRetries: 2 });
    await bench.asked(1);
    await bench.clock.advance(200);
    await bench.asked(2);
    bench.answer = keysAnswer([old]);
    await bench.clock.advance(400);
    await bench.asked(3);
    expect(await codeOf(verifier, await sign(old))).toBe('ok');
  });
});

describe('[SEC-jwks-answers] answers that are no key set change nothing', () => {
  const big = `{"keys":[],"x":"${'x'.repeat(1 << 20)}"}`;
  const rows: readonly (readonly [string, Answer])[] = [
    ['a redirect', statusAnswer(302, { location: 'http://127.0.0.1:9/jwks' })],
    ['a permanent redirect', statusAnswer(308, { location: '/elsewhere' })],
    ['not found', statusAnswer(404)],
    ['not modified, though nothing is known', statusAnswer(304)],
    ['an empty body', statusAnswer(200)],
    ['a web page', (_, response) => void response.end('<html>')],
    ['duplicate keys', (_, response) => void response.end('{"keys":[],"keys":[]}')],
    ['more than 1 MiB', (_, response) => void response.end(big)],
    [
      'more than 1 MiB without saying so',
      (_, response) => {
        response.flushHeaders();
        response.end(big);
      },
    ],
    [
      'a body that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '500' });
        response.write('{"keys":');
        setTimeout(() => response.destroy(), 5);
      },
    ],
    ['a dropped connection', (request) => void request.socket.destroy()],
  ];
  test.each(rows)('%s', async (_, answer) => {
    bench.answer = answer;
    const { verifier, source } = await bench.open();
    await source.settled();
    expect(source.current).toBeUndefined();
    expect(await codeOf(verifier, await sign(old))).toBe('unavailable 1');
    expect(bench.requests).toHaveLength(1);
    bench.answer = keysAnswer([old]);
    await bench.clock.advance(1_000);
    await bench.asked(2);
    expect(await codeOf(verifier, await sign(old))).toBe('ok');
  });

  test('no answer at all within the time limit', async () => {
    bench.answer = () => {};
    const { source } = await bench.open({ timeout: 50 });
    await source.settled();
    expect(source.current).toBeUndefined();
    expect(source.retryAfter()).toBe(1);
  });

  test('an empty set is an answer: every key has been withdrawn', async () => {
    const { verifier } = await bench.open();
    expect(await codeOf(verifier, await sign(old))).toBe('ok');
    bench.answer = keysAnswer([]);
    await bench.clock.advance(8 * minute);
    await bench.asked(2);
    expect(await codeOf(verifier, await sign(old))).toBe('jwt_key_unknown');
  });
});

test('a disposed source asks no more', async () => {
  const { source } = await bench.open();
  await source.settled();
  source.dispose();
  await bench.clock.advance(24 * 60 * minute);
  await source.lookAgain();
  await settle();
  expect(bench.requests).toHaveLength(1);
  expect(bench.clock.waiting).toBe(0);
});

const settleQuickly = () => new Promise((resolve) => setTimeout(resolve, 4));
