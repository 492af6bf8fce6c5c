import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { keptLogger } from '../../test/support/kept-log.ts';
import type { BodySink, BodySource } from '../http/body.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderFields } from '../http/headers.ts';
import { Refusal, textReply } from '../http/refusal.ts';
import { Entrypoint } from './entrypoint.ts';
import type { IncomingExchange } from './incoming-exchange.ts';
import { defaultLimits, defaultTimeouts, type EntrypointOptions, noEncodedCharacters } from './options.ts';

const open: Entrypoint[] = [];
afterEach(async () => {
  for (const entrypoint of open.splice(0)) await entrypoint.drain(50);
});

interface Started {
  readonly port: number;
  readonly entrypoint: Entrypoint;
  readonly seen: IncomingExchange[];
  readonly ended: { status: number; end: string }[];
}

async function start(handler: Handler, options: Partial<EntrypointOptions> = {}): Promise<Started> {
  const seen: IncomingExchange[] = [];
  const ended: { status: number; end: string }[] = [];
  const entrypoint = new Entrypoint(
    {
      name: 'web',
      host: '127.0.0.1',
      port: 0,
      tls: false,
      limits: defaultLimits,
      timeouts: defaultTimeouts,
      forwardedHeaders: { trustedIPs: [], insecure: false },
      encodedCharacters: noEncodedCharacters,
      rejectUnderscores: false,
      ...options,
    },
    { log: keptLogger, observe: (_exchange, status, end) => ended.push({ status, end }) },
  );
  open.push(entrypoint);
  entrypoint.use((exchange) => {
    seen.push(exchange as IncomingExchange);
    return handler(exchange);
  });
  const { port } = await entrypoint.listen();
  return { port, entrypoint, seen, ended };
}

/** Sends bytes and reads until the server closes or `wait` ms pass. */
async function raw(port: number, bytes: string | string[], wait = 1_500): Promise<{ text: string; closed: boolean }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const over = new Promise<void>((resolve) => {
    socket.on('close', () => {
      closed = true;
      resolve();
    });
  });
  socket.on('error', () => {});
  for (const part of Array.isArray(bytes) ? bytes : [bytes]) {
    socket.write(Buffer.from(part, 'latin1'));
    await pause(5);
  }
  await Promise.race([over, pause(wait)]);
  socket.destroy();
  return { text, closed };
}

const ok: Handler = () => Promise.resolve(textReply(200, 'ok'));
const readAll: Handler = async (exchange) => textReply(200, String((await exchange.body.read(100)).length));
const status = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
const get = (headers: string, path = '/'): string =>
  `GET ${path} HTTP/1.1\r\nHost: mcp.localhost\r\n${headers}Connection: close\r\n\r\n`;

describe('[SEC-framing] framing', () => {
  const body = 'hello';
  test.each([
    ['Content-Length and chunked', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `Content-Length: 5\r\nContent-Length: 5\r\n\r\n${body}`],
    ['two different lengths', `Content-Length: 5\r\nContent-Length: 6\r\n\r\n${body}`],
    ['a length with a sign', `Content-Length: +5\r\n\r\n${body}`],
    ['a hexadecimal length', `Content-Length: 0x5\r\n\r\n${body}`],
    ['a list of lengths', `Content-Length: 5, 5\r\n\r\n${body}`],
    ['gzip, chunked', `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunked twice', `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an unknown coding', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `Content-Length : 5\r\n\r\n${body}`],
    ['a folded line', `X-A: b\r\n c\r\nContent-Length: 5\r\n\r\n${body}`],
    ['a bad chunk size', `Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`],
    ['a NUL in a value', `X-A: b\0c\r\nContent-Length: 5\r\n\r\n${body}`],
    ['a bare CR in a value', `X-A: b\rc\r\nContent-Length: 5\r\n\r\n${body}`],
  ])('%s is refused and the connection closed', async (_name, rest) => {
    const server = await start(readAll);
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: mcp.localhost\r\n\r\n';
    const { text, closed } = await raw(server.port, `POST / HTTP/1.1\r\nHost: mcp.localhost\r\n${rest}${smuggled}`);
    expect(status(text)).toBe(400);
    expect(closed).toBe(true);
    expect(server.seen.map((exchange) => exchange.path)).not.toContain('/smuggled');
  });

  test('a body on GET is refused', async () => {
    const server = await start(ok);
    const { text } = await raw(server.port, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx');
    expect(status(text)).toBe(400);
    expect(server.seen).toEqual([]);
  });

  test('a chunked body arrives whole', async () => {
    const server = await start(readAll);
    const { text } = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    );
    expect(status(text)).toBe(200);
    expect(text.endsWith('5')).toBe(true);
  });
});

describe('[SEC-early-answer] an answer before the body was read', () => {
  test('closes the connection, so that the body is never a request', async () => {
    const server = await start(ok);
    const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const { text, closed } = await raw(server.port, [
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n`,
      inner,
    ]);
    expect(status(text)).toBe(200);
    expect(text).toContain('Connection: close');
    expect(closed).toBe(true);
    expect(server.seen.map((exchange) => exchange.path)).toEqual(['/']);
  });
});

describe('header rules', () => {
  test.each([
    [
      '[DP-2.header-count] 98 more fields pass',
      `${Array.from({ length: 98 }, (_, i) => `X-${i}: a\r\n`).join('')}`,
      200,
    ],
    ['[DP-2.header-count] 101 fields do not', `${Array.from({ length: 99 }, (_, i) => `X-${i}: a\r\n`).join('')}`, 431],
    ['[DP-2.header-count] nor do 2,000', `${Array.from({ length: 2_000 }, (_, i) => `X-${i}: a\r\n`).join('')}`, 431],
    ['[DP-2.header-names] an underscore is dropped', 'X_User: admin\r\n', 200],
    ['[DP-2.header-names] a dot is refused', 'X.User: admin\r\n', 400],
    ['[DP-2.header-names] a quote is refused', "X'User: admin\r\n", 400],
    ['[DP-2.header-duplicates] two Authorization', 'Authorization: a\r\nAuthorization: b\r\n', 400],
    ['[DP-2.header-duplicates] two Host', 'Host: other\r\n', 400],
    ['[DP-2.header-duplicates] two Content-Type', 'Content-Type: a\r\ncontent-type: b\r\n', 400],
    ['[DP-2.header-duplicates] two Mcp-Method', 'Mcp-Method: a\r\nMCP-METHOD: a\r\n', 400],
    ['[DP-2.host] a host that is none', '', 400],
  ])('%s', async (name, headers, expected) => {
    const server = await start(ok);
    const request = name.includes('a host that is none') ? get('').replace('mcp.localhost', 'a/b?') : get(headers);
    const { text } = await raw(server.port, request);
    expect(status(text)).toBe(expected);
    if (expected !== 200) expect(server.seen).toEqual([]);
    else expect(server.seen[0]?.headers.has('x_user')).toBe(false);
  });
});

test('[DP-2.ingress] hop-by-hop and nominated fields end here, before any middleware', async () => {
  const server = await start(ok);
  const nominated =
    'Connection: close, X-Groups, Content-Type, Host\r\nX-Groups: admin\r\nContent-Type: a/b\r\nTE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: 1\r\n';
  await raw(server.port, `GET / HTTP/1.1\r\nHost: mcp.localhost\r\n${nominated}\r\n`);
  const { headers } = server.seen[0] as IncomingExchange;
  const names: string[] = [];
  headers.forEach(({ lower }) => {
    names.push(lower);
  });
  expect(names.filter((name) => !name.startsWith('x-forwarded') && name !== 'x-real-ip')).toEqual([
    'host',
    'content-type',
  ]);
});

describe('[DP-2.forwarded] forwarding headers', () => {
  const spoof =
    'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /x\r\nForwarded: for=9.9.9.9\r\nX-Real-Ip: 9.9.9.9\r\n';

  test('of an untrusted peer are removed, and ours are set', async () => {
    const server = await start(ok);
    await raw(server.port, get(spoof));
    const exchange = server.seen[0] as IncomingExchange;
    expect(exchange.clientAddress).toBe('127.0.0.1');
    expect(exchange.headers.getAll('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(exchange.headers.get('x-forwarded-proto')).toBe('http');
    expect(exchange.headers.get('x-real-ip')).toBe('127.0.0.1');
    expect(exchange.headers.has('forwarded')).toBe(false);
    expect(exchange.headers.has('x-forwarded-prefix')).toBe(false);
  });

  test('of a trusted peer are believed and continued', async () => {
    const server = await start(ok, { forwardedHeaders: { trustedIPs: ['127.0.0.0/8'], insecure: false } });
    await raw(server.port, get(spoof));
    const exchange = server.seen[0] as IncomingExchange;
    expect(exchange.clientAddress).toBe('9.9.9.9');
    expect(exchange.headers.get('x-forwarded-for')).toBe('9.9.9.9, 127.0.0.1');
    expect(exchange.headers.get('x-forwarded-proto')).toBe('https');
  });
});

describe('bodies', () => {
  test('[DP-2.body-limit] a declared length over the limit is refused unread', async () => {
    const server = await start(readAll);
    const { text, closed } = await raw(server.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n');
    expect(status(text)).toBe(413);
    expect(closed).toBe(true);
  });

  test('[DP-2.body-limit] an undeclared one is refused when it passes the limit', async () => {
    const server = await start(readAll);
    const { text } = await raw(
      server.port,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}\r\n`,
    );
    expect(status(text)).toBe(413);
  });

  test('[DP-2.timeouts] a body that does not come is 408', async () => {
    const server = await start(readAll, { timeouts: { ...defaultTimeouts, body: 100 } });
    const { text, closed } = await raw(server.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
    expect(status(text)).toBe(408);
    expect(closed).toBe(true);
  });

  test('[DP-2.timeouts] a head that does not come is 408', async () => {
    const server = await start(ok, { timeouts: { ...defaultTimeouts, headers: 100, body: 100 } });
    const { text, closed } = await raw(server.port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow', 4_000);
    expect(status(text)).toBe(408);
    expect(closed).toBe(true);
  });
});

describe('[DP-1.exception] what a handler throws', () => {
  test('a refusal is answered as it says', async () => {
    const server = await start(() => Promise.reject(new Refusal(403, 'denied', { body: 'no\n' })));
    const { text } = await raw(server.port, get(''));
    expect(status(text)).toBe(403);
    expect(server.seen[0]?.facts.errorType).toBe('denied');
  });

  test.each([
    ['a rejection', () => Promise.reject(new Error('secret detail'))],
    [
      'a synchronous throw',
      () => {
        throw new TypeError('secret detail');
      },
    ],
  ])('%s is 500 without the detail', async (_name, handler) => {
    const server = await start(handler as Handler);
    const { text } = await raw(server.port, get(''));
    expect(status(text)).toBe(500);
    expect(text).not.toContain('secret');
  });

  test('a reply that cannot be written is cut, and the next request is answered', async () => {
    const { port } = await start((exchange) => {
      const reply = textReply(200, 'ok');
      if (exchange.path === '/bad') reply.headers.append('X-Bad', 'a\nb');
      return Promise.resolve(reply);
    });
    const bad = await raw(port, 'GET /bad HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(bad).toEqual({ text: '', closed: true });
    const good = await raw(port, 'GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(good.text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('flowing bodies', () => {
  function stream(run: (sink: BodySink) => void, flow: Partial<ReturnType<BodySource['start']>> = {}): Handler {
    return () =>
      Promise.resolve({
        status: 200,
        headers: HeaderFields.fromRaw(['Content-Type', 'text/event-stream']),
        longLived: true,
        body: {
          start(sink) {
            run(sink);
            return { pause() {}, resume() {}, cancel() {}, ...flow };
          },
          cancel() {},
        },
      });
  }

  test('[DP-6.cut] a body that breaks off is a cut', async () => {
    const server = await start(
      stream((sink) => {
        sink.chunk(Buffer.from('data: a\n\n'));
        setTimeout(() => sink.fail(new Error('gone')), 20);
      }),
    );
    const { text, closed } = await raw(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(text).toContain('data: a');
    expect(text).not.toContain('\r\n0\r\n');
    expect(closed).toBe(true);
    expect(server.ended).toEqual([{ status: 200, end: 'cut' }]);
  });

  test('[DP-6.back-pressure] a slow reader pauses the producer, and its leaving cancels it', async () => {
    let paused = 0;
    let cancelled = false;
    let sink: BodySink | undefined;
    const server = await start(
      stream(
        (one) => {
          sink = one;
        },
        {
          pause() {
            paused += 1;
          },
          cancel() {
            cancelled = true;
          },
        },
      ),
    );
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await pause(50);
    for (let i = 0; i < 200 && paused === 0; i++) sink?.chunk(Buffer.alloc(65_536));
    expect(paused).toBe(1);
    socket.destroy();
    await pause(100);
    expect(cancelled).toBe(true);
    expect(server.ended).toEqual([{ status: 200, end: 'client_gone' }]);
  });

  test('draining ends open streams properly and refuses nothing that runs', async () => {
    const server = await start(async (exchange) => {
      if (exchange.path === '/slow') {
        await pause(150);
        return textReply(200, 'slow');
      }
      return stream(() => {})(exchange);
    });
    const streaming = raw(server.port, 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n', 3_000);
    const slow = raw(server.port, 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n', 3_000);
    await pause(50);
    await server.entrypoint.drain(2_000);
    expect((await slow).text).toContain('slow');
    const ended = await streaming;
    expect(ended.text).toContain('shutting down');
    expect(ended.text).toContain('\r\n0\r\n');
    expect(ended.closed).toBe(true);
  });
});
