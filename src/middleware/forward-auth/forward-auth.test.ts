import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answer,
  answering,
  type ExchangeOverrides,
  headerFields,
  testExchange,
} from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { jwtPrincipal, Principal } from '../../auth/principal.ts';
import { PortcullisError } from '../../errors.ts';
import { collect } from '../../http/body.ts';
import { forwardAuth } from './forward-auth.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let asked: Asked[];
let respond: (response: ServerResponse, request: IncomingMessage) => void;
let server: Server;
let address: string;
let disposals: (() => void)[];

beforeEach(async () => {
  asked = [];
  disposals = [];
  respond = (response) => response.end();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      respond(response, request);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify?a=b`;
});
afterEach(async () => {
  for (const dispose of disposals) dispose();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function ask(options: object, exchange: ExchangeOverrides = {}, next = answering(200)) {
  const context = testContext();
  disposals.push(() => context.dispose());
  const handler = await buildHandler(forwardAuth, { address, ...options }, next, context);
  const sent = testExchange({ path: '/mcp', query: '?x=1', clientAddress: '203.0.113.9', ...exchange });
  const reply = await answer(handler, sent);
  return { reply, sent, passed: next.seen.length > 0 };
}

test.each([
  ['without TLS options', undefined],
  ['with TLS options of its own', { insecureSkipVerify: true }],
])('what `resolve` points elsewhere is asked there, %s', async (_name, tls) => {
  const base = testContext();
  const resolve = new Map([['auth.example:80', new URL(address).host]]);
  const context = { ...base, install: { ...base.install, outbound: { resolve } } };
  disposals.push(() => base.dispose());
  const options = { address: 'http://auth.example/verify', ...(tls === undefined ? {} : { tls }) };
  await answer(await buildHandler(forwardAuth, options, answering(200), context), testExchange({}));
  expect(asked.map(({ url, headers }) => [url, headers.host])).toEqual([['/verify', 'auth.example']]);
});

describe('the question', () => {
  test('is a GET that says what was asked for, without what belongs to the message itself', async () => {
    await ask(
      {},
      {
        method: 'POST',
        body: '{}',
        headers: {
          Authorization: 'Bearer x',
          Cookie: 'a=b',
          'Content-Type': 'application/json',
          'Content-Length': '2',
          Connection: 'close',
          'X-Forwarded-For': '10.9.9.9',
          'X-Forwarded-Uri': '/elsewhere',
        },
      },
    );
    const [question] = asked;
    expect([question?.method, question?.url, question?.body]).toEqual(['GET', '/verify?a=b', '']);
    expect(question?.headers).toMatchObject({
      authorization: 'Bearer x',
      cookie: 'a=b',
      host: new URL(address).host,
      'x-forwarded-method': 'POST',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'mcp.localhost:8000',
      'x-forwarded-uri': '/mcp?x=1',
      'x-forwarded-for': '203.0.113.9',
    });
    for (const name of ['content-type', 'content-length']) expect(question?.headers[name]).toBeUndefined();
  });

  test('authRequestHeaders chooses, trustForwardHeader believes, preserveRequestMethod and forwardBody pass on', async () => {
    await ask(
      {
        authRequestHeaders: ['X-One', 'Content-Type'],
        trustForwardHeader: true,
        preserveRequestMethod: true,
        forwardBody: true,
      },
      {
        body: '{"a":1}',
        headers: {
          'X-One': '1',
          'X-Two': '2',
          Authorization: 'x',
          'Content-Type': 'application/json',
          'X-Forwarded-Uri': '/outer',
        },
      },
    );
    const [question] = asked;
    expect([question?.method, question?.body]).toEqual(['POST', '{"a":1}']);
    expect(question?.headers).toMatchObject({
      'x-one': '1',
      'content-type': 'application/json',
      'x-forwarded-uri': '/outer',
    });
    for (const name of ['x-two', 'authorization']) expect(question?.headers[name]).toBeUndefined();
  });
});

describe('[SEC-forward-auth] the answer', () => {
  test.each([200, 201, 204, 299])('%d lets the request pass', async (status) => {
    respond = (response) => response.writeHead(status).end();
    const { passed, sent } = await ask({});
    expect(passed).toBe(true);
    expect(Principal.is(sent.identity)).toBe(true);
    expect(sent.identity?.kind).toBe('forwarded');
  });

  test.each([301, 302, 304, 400, 401, 403, 404, 500, 503])('%d goes to the client as it is', async (status) => {
    respond = (response) =>
      response
        .writeHead(status, { 'x-why': 'because', 'www-authenticate': 'Basic realm="a"' })
        .end(status === 304 ? undefined : 'no');
    const { passed, reply, sent } = await ask({});
    expect([passed, reply.status, reply.headers.get('x-why')]).toEqual([false, status, 'because']);
    expect((await collect(reply.body, 100)).toString()).toBe(status === 304 ? '' : 'no');
    expect(reply.headers.getAll('content-length')).toEqual([status === 304 ? '0' : '2']);
    expect([sent.identity, sent.facts.errorType]).toEqual([undefined, 'forward_auth_refused']);
  });

  test('a redirect is never followed; its place is made absolute unless it is to be kept', async () => {
    respond = (response) => response.writeHead(302, { location: '/login' }).end();
    expect((await ask({})).reply.headers.get('location')).toBe(new URL('/login', address).href);
    expect((await ask({ preserveLocationHeader: true })).reply.headers.get('location')).toBe('/login');
    expect(asked.map((one) => one.url)).toEqual(['/verify?a=b', '/verify?a=b']);
  });

  test('authSigninURL takes the place of a 401, and of nothing else', async () => {
    const options = { authSigninURL: 'https://login.example/' };
    respond = (response) => response.writeHead(401).end();
    const { reply } = await ask(options);
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'https://login.example/']);
    respond = (response) => response.writeHead(403).end();
    expect((await ask(options)).reply.status).toBe(403);
  });

  const faults: readonly (readonly [string, object, typeof respond, number])[] = [
    ['a dropped connection', {}, (_, request) => request.socket.destroy(), 500],
    [
      'a cut body',
      {},
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('x');
        setTimeout(() => response.destroy(), 5);
      },
      500,
    ],
    ['a long answer', { maxResponseBodySize: 10 }, (response) => response.end('x'.repeat(11)), 401],
    ['a very long answer', {}, (response) => response.end('x'.repeat((1 << 20) + 1)), 401],
  ];
  test.each(faults)('%s: nobody passes', async (_, options, fault, status) => {
    respond = fault;
    const { passed, reply, sent } = await ask(options);
    expect([passed, reply.status, reply.body, sent.identity]).toEqual([false, status, null, undefined]);
  });

  test('no server: nobody passes', async () => {
    const { passed, reply } = await ask({ address: 'http://127.0.0.1:1/' });
    expect([passed, reply.status]).toEqual([false, 500]);
  });

  test('addresses that nothing of ours may reach: nobody passes', async () => {
    const { passed, reply } = await ask({ address: 'http://169.254.169.254/latest' });
    expect([passed, reply.status]).toEqual([false, 500]);
  });

  test('a body over the limit: 401, and the server is not asked', async () => {
    const { passed, reply } = await ask({ forwardBody: true, maxBodySize: 3 }, { body: '{"a":1}' });
    expect([passed, reply.status, asked.length]).toEqual([false, 401, 0]);
  });

  test('a client that goes ends the question', async () => {
    let closed = (): void => {};
    const over = new Promise<void>((resolve) => {
      closed = resolve;
    });
    respond = (response) => void response.on('close', closed);
    const context = testContext();
    disposals.push(() => context.dispose());
    const handler = await buildHandler(forwardAuth, { address }, answering(200), context);
    const sent = testExchange();
    const reply = answer(handler, sent);
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    sent.close();
    await over;
    expect((await reply).status).toBe(500);
  });
});

describe('[SEC-forward-auth] headers of the answer', () => {
  test('replace those of the request, in any spelling, also when the answer has none', async () => {
    respond = (response) => response.writeHead(200, { 'x-auth-user': 'alice', 'x-other': 'no' }).end();
    const options = { authResponseHeaders: ['X-Auth-User', 'X-Auth-Groups'] };
    const { sent } = await ask(options, {
      headers: { 'X-Auth-User': 'root', x_auth_user: 'root', 'X-Auth-Groups': 'admin', 'X-Keep': '1' },
    });
    expect(sent.headers.getAll('x-auth-user')).toEqual(['alice']);
    for (const name of ['x_auth_user', 'x-auth-groups', 'x-other']) expect(sent.headers.has(name)).toBe(false);
    expect(sent.headers.get('x-keep')).toBe('1');
  });

  test('by regular expression, which never reaches what frames the message', async () => {
    respond = (response) => response.writeHead(200, { 'x-auth-user': 'alice', 'x-auth-role': 'a' }).end();
    const { sent } = await ask(
      { authResponseHeadersRegex: '^X-Auth-|^Host|^Content|^Mcp' },
      {
        headers: headerFields({
          'x-auth-user': 'root',
          'X-Auth-Level': '9',
          'Content-Type': 'a/b',
          'Mcp-Session-Id': 's',
        }),
      },
    );
    expect(sent.headers.getAll('x-auth-user')).toEqual(['alice']);
    expect([sent.headers.get('x-auth-role'), sent.headers.has('x-auth-level')]).toEqual(['a', false]);
    expect([sent.headers.get('content-type'), sent.headers.get('mcp-session-id')]).toEqual(['a/b', 's']);
    expect(sent.headers.has('host')).toBe(true);
  });

  test('headerField names the user; without it callers are told apart by what they presented', async () => {
    respond = (response) => response.writeHead(200, { 'remote-user': 'alice' }).end();
    const named = await ask({ headerField: 'Remote-User' });
    expect([named.sent.identity?.subject, named.sent.facts.username]).toEqual(['alice', 'alice']);
    const one = await ask({}, { headers: { Authorization: 'a' } });
    const two = await ask({}, { headers: { Authorization: 'b' } });
    expect(one.sent.identity?.bindingKey).not.toBe(two.sent.identity?.bindingKey);
  });

  test('a token verified before stays the identity', async () => {
    const identity = jwtPrincipal({
      issuer: 'i',
      subject: 's',
      claims: new Map(),
      expiresAt: undefined,
      credential: 't',
    });
    expect((await ask({}, { identity })).sent.identity).toBe(identity);
  });

  test('addAuthCookiesToResponse: named cookies go to the client in place of the upstream’s', async () => {
    respond = (response) => response.writeHead(200, { 'set-cookie': ['session=new; Path=/', 'other=x'] }).end();
    const next = answering(200, { headers: { 'Set-Cookie': 'session=old' } });
    const { reply } = await ask({ addAuthCookiesToResponse: ['session'] }, {}, next);
    expect(reply.headers.getAll('set-cookie')).toEqual(['session=new; Path=/']);
  });
});

describe('options', () => {
  test.each([
    [{ authResponseHeaders: ['Host'] }, /frames/],
    [{ authResponseHeaders: ['Mcp-Session-Id'] }, /protocol/],
    [{ authResponseHeadersRegex: '(' }, /regular expression/],
  ])('%j is refused', async (options, reason) => {
    const attempt = buildHandler(forwardAuth, { address, ...options }, answering(200));
    await expect(attempt).rejects.toThrow(PortcullisError);
    await expect(attempt).rejects.toThrow(reason);
  });

  test.each([{}, { address: 'ftp://a' }, { address: 'auth' }, { address: 'http://a', maxBodySize: -2 }])(
    'the schema refuses %j',
    (options) => {
      expect(forwardAuth.options.safeParse(options).success).toBe(false);
    },
  );

  test('insecureSkipVerify is a warning', async () => {
    const context = testContext();
    disposals.push(() => context.dispose());
    await buildHandler(forwardAuth, { address, tls: { insecureSkipVerify: true } }, answering(200), context);
    expect(context.warnings).toHaveLength(1);
  });
});
