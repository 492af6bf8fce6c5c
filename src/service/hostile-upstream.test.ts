import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  type RawRequest,
  rawUpstream,
  setUp,
  type Upstream,
} from '../../test/support/upstreams.ts';
import { collect } from '../http/body.ts';
import type { Reply } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { Service } from './service.ts';

closeUpstreams();

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';

/** Asks once; what a client would see: status and body, `cut` when the body broke off. */
async function ask(service: Service, method = 'POST'): Promise<string> {
  const exchange = testExchange({ method, ...(method === 'POST' ? { body: '{}' } : {}) });
  if (method === 'POST') await exchange.body.read(10);
  let reply: Reply;
  try {
    reply = await service.handle(exchange, clearance);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.status} ${error.errorType}`;
  }
  try {
    return `${reply.status} ${(await collect(reply.body, 10_000_000)).toString('latin1')}`;
  } catch {
    return `${reply.status} cut`;
  }
}

async function hostile(
  answer: (request: RawRequest) => void,
  responseHeaderTimeout = 0,
): Promise<{ service: Service; upstream: Upstream }> {
  const upstream = await rawUpstream(answer);
  const { service } = setUp(
    { a: balancer({ servers: [upstream.url] }) },
    {
      transport: {
        forwardingTimeouts: { dialTimeout: 2_000, responseHeaderTimeout, idleConnTimeout: 60_000 },
      },
    },
  );
  return { service, upstream };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('[SEC-upstream.answers] bytes that are no clean answer', () => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n`;
  const cases: readonly (readonly [string, string, string | RegExp, ('end' | 'reset')?])[] = [
    ['nothing, then the end', '', '502 upstream_closed', 'end'],
    ['nothing, then a reset', '', '502 upstream_closed', 'reset'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', '502 upstream_closed', 'end'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', '502 upstream_invalid'],
    ['HTTP/0.9', '<html>hello</html>\r\n\r\n', '502 upstream_invalid'],
    ['length and chunks', `${chunked}Content-Length: 4\r\n\r\n4\r\ngood\r\n0\r\n\r\n`, '502 upstream_invalid'],
    ['chunks and length', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\ngood`, '502 upstream_invalid'],
    ['two lengths', `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\ngood!`, '502 upstream_invalid'],
    ['the same length twice', `${head}Content-Length: 4\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a list of lengths', `${head}Content-Length: 4, 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a negative length', `${head}Content-Length: -1\r\n\r\ngood`, '502 upstream_invalid'],
    ['a length with a sign', `${head}Content-Length: +4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a hexadecimal length', `${head}Content-Length: 0x4\r\n\r\ngood`, '502 upstream_invalid'],
    [
      'a coding on top',
      `${head}Transfer-Encoding: gzip, chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n`,
      '502 upstream_invalid',
    ],
    ['an unknown coding', `${head}Transfer-Encoding: rot13\r\n\r\ngood`, '502 upstream_invalid', 'end'],
    ['chunked twice', `${chunked}Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n`, '502 upstream_invalid'],
    ['a NUL in a header', `${head}X-A: a\0b\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a lone CR in a header', `${head}X-A: a\rb\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a CR before the end of the head', `${head}Content-Length: 4\r\nX-A: a\r\r\n\r\ngood`, '502 upstream_invalid'],
    ['a space before the colon', `${head}X-A : b\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a name that is no token', `${head}X(A): b\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a folded header', `${head}X-A: a\r\n b\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['lines that end in LF', 'HTTP/1.1 200 OK\nContent-Length: 4\n\ngood', '502 upstream_invalid'],
    ['a header without a name', `${head}: b\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['a chunk extension', `${chunked}\r\n4;a=b\r\ngood\r\n0\r\n\r\n`, '200 good'],
    ['a blank behind a chunk size', `${chunked}\r\n4 \r\ngood\r\n0\r\n\r\n`, /^(200 cut|502 upstream_invalid)$/],
    ['a chunk size that ends in LF', `${chunked}\r\n4\ngood\r\n0\r\n\r\n`, /^(200 cut|502 upstream_invalid)$/],
    ['a chunk that ends in LF', `${chunked}\r\n4\r\ngood\n0\r\n\r\n`, /^(200 cut|502 upstream_invalid)$/],
    ['a malformed trailer', `${chunked}\r\n4\r\ngood\r\n0\r\nX A: b\r\n\r\n`, /^(200 cut|502 upstream_invalid)$/],
    [
      'endless trailers',
      `${chunked}\r\n4\r\ngood\r\n0\r\n${'X-A: b\r\n'.repeat(20_000)}`,
      /^(200 cut|502 upstream_invalid)$/,
    ],
    [
      'chunks from an HTTP/1.0 server',
      `${chunked.replace('1.1', '1.0')}\r\n4\r\ngood\r\n0\r\n\r\n`,
      '502 upstream_invalid',
    ],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 4\r\n\r\ngood', '502 upstream_invalid'],
    ['a bad chunk size', `${chunked}\r\nzz\r\ngood\r\n0\r\n\r\n`, /^(200 cut|502 upstream_invalid)$/],
    ['an endless chunk size', `${chunked}\r\n${'f'.repeat(40)}\r\ngood`, /^(200 cut|502 upstream_invalid)$/],
    ['a huge head', `${head}X-A: ${'a'.repeat(100_000)}\r\nContent-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['many headers', `${head}${'X-A: a\r\n'.repeat(20_000)}Content-Length: 4\r\n\r\ngood`, '502 upstream_invalid'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nx', /^502 /],
    ['a bare 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', '502 upstream_invalid'],
    ['an unasked 100', `HTTP/1.1 100 Continue\r\n\r\n${ok}`, /^502 /],
    ['a flood of 103', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n`.repeat(5_000) + ok, '502 upstream_invalid'],
    ['one 103', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`, '200 good'],
    ['status 99', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', '502 upstream_invalid'],
    ['status 600', 'HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n', '502 upstream_invalid'],
    ['status 1000', 'HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n', '502 upstream_invalid'],
    ['a body that ends early', `${head}Content-Length: 10\r\n\r\ngood`, /^(200 cut|502 upstream_.*)$/, 'end'],
    ['a body that breaks off', `${head}Content-Length: 10\r\n\r\ngood`, /^(200 cut|502 upstream_.*)$/, 'reset'],
    ['chunks without the last', `${chunked}\r\n4\r\ngood\r\n`, /^(200 cut|502 upstream_.*)$/, 'end'],
    ['chunks that break off', `${chunked}\r\n4\r\ngood\r\n`, /^(200 cut|502 upstream_.*)$/, 'reset'],
    ['half a chunk', `${chunked}\r\n9\r\ngood`, /^(200 cut|502 upstream_.*)$/, 'end'],
    ['a body that the reset cuts', `${head}\r\ngood`, /^(200 cut|502 upstream_.*)$/, 'reset'],
    ['a body that the end ends', `${head}\r\ngood`, '200 good', 'end'],
  ];

  for (const [what, bytes, expected, then] of cases) {
    it(`${what}: never a well-formed wrong answer, and the connection is not used again`, async () => {
      const { service, upstream } = await hostile(({ socket, index }) => {
        if (index > 0) {
          socket.write(ok);
          return;
        }
        socket.write(bytes, 'latin1');
        if (then === 'end') socket.end();
        else if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
      });
      const seen = await ask(service);
      if (typeof expected === 'string') expect(seen).toBe(expected);
      else expect(seen).toMatch(expected);
      expect(await ask(service)).toBe('200 good');
      if (expected !== '200 good' || then !== undefined) expect(upstream.connections).toBe(2);
    });
  }
});

describe('[DP-6.surplus] a socket with bytes that nobody asked for is never used again', () => {
  it.each([
    ['behind the answer, in one piece', (socket: RawRequest['socket']) => socket.write(`${ok}EVIL`)],
    [
      'a whole answer behind the answer',
      (socket: RawRequest['socket']) => socket.write(ok + ok.replace('good', 'evil')),
    ],
    [
      'right behind the answer, as a piece of its own',
      (socket: RawRequest['socket']) => {
        socket.write(ok);
        setImmediate(() => socket.write(ok.replace('good', 'evil')));
      },
    ],
    [
      'on the idle connection, later',
      (socket: RawRequest['socket']) => {
        socket.write(ok);
        setTimeout(() => socket.write(ok.replace('good', 'evil')), 15);
      },
    ],
    [
      'a single byte on the idle connection',
      (socket: RawRequest['socket']) => {
        socket.write(ok);
        setTimeout(() => socket.write('\r'), 15);
      },
    ],
    [
      'behind an empty answer',
      (socket: RawRequest['socket']) => socket.write(`HTTP/1.1 204 No\r\n\r\n${ok.replace('good', 'evil')}`),
    ],
    [
      'a body behind 204',
      (socket: RawRequest['socket']) => socket.write('HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nevil'),
    ],
    [
      'a body behind 304',
      (socket: RawRequest['socket']) =>
        socket.write('HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n'),
    ],
    [
      'behind the last chunk',
      (socket: RawRequest['socket']) =>
        socket.write(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n${ok.replace('good', 'evil')}`,
        ),
    ],
  ])('%s', async (_what, first) => {
    const { service, upstream } = await hostile(({ socket, index }) => {
      if (index === 0) first(socket);
      else socket.write(ok);
    });
    expect(await ask(service)).toMatch(/^(200 good|204 |304 )$/);
    await pause(40);
    for (let i = 0; i < 3; i++) expect(await ask(service)).toBe('200 good');
    expect(upstream.connections).toBe(2);
  });

  it('even when the next request comes at once, no planted answer reaches it', async () => {
    const { service } = await hostile(({ socket, onConnection }) => {
      socket.write(ok);
      if (onConnection === 0) setImmediate(() => socket.write(ok.replace('good', 'evil')));
    });
    for (let i = 0; i < 20; i++) {
      // The planted bytes may be on their way while the request is: then it is refused, never answered wrongly twice.
      await ask(service);
      await pause(2);
      expect(await ask(service)).toBe('200 good');
      await pause(2);
    }
  });

  it('a body behind the answer to HEAD', async () => {
    const { service, upstream } = await hostile(({ socket, index }) => {
      socket.write(index === 0 ? ok : ok);
    });
    expect(await ask(service, 'HEAD')).toBe('200 ');
    await pause(10);
    expect(await ask(service)).toBe('200 good');
    expect(upstream.connections).toBe(2);
  });

  it('an answer before the request was asked for', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write(ok));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    expect(await ask(service)).toBe('200 good');
    for (const socket of upstream.sockets) socket.write(ok.replace('good', 'evil'));
    await pause(20);
    expect(await ask(service)).toBe('200 good');
    expect(upstream.connections).toBe(2);
  });
});

describe('[DP-4.upstream] an upstream that cannot be asked, or does not answer', () => {
  it('refuses the connection: 502', async () => {
    const upstream = await rawUpstream(() => {});
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    await upstream.close();
    expect(await ask(service)).toBe('502 upstream_unreachable');
  });

  it('accepts and hangs: 504 at the limit, and the connection is given up', async () => {
    const { service, upstream } = await hostile(() => {}, 300);
    const before = performance.now();
    expect(await ask(service)).toBe('504 upstream_timeout');
    expect(performance.now() - before).toBeLessThan(2_500);
    await pause(20);
    expect(upstream.sockets.size).toBe(0);
  });

  it('has no servers at all: 503', async () => {
    const { service } = setUp({ a: balancer({ servers: [] }) });
    expect(await ask(service)).toBe('503 upstream_unavailable');
  });
});
