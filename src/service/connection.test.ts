import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpUpstream,
  rawUpstream,
  setUp,
  type Upstream,
} from '../../test/support/upstreams.ts';
import type { AnswerTaker, Connection } from './connection.ts';
import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import type { Dialler } from './dial.ts';

closeUpstreams();

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A pool whose sockets the test can get at. */
function poolTo(upstream: Upstream, options: Partial<PoolOptions> = {}): { pool: ConnectionPool; sockets: Socket[] } {
  const sockets: Socket[] = [];
  const dialler: Pick<Dialler, 'dial'> = {
    dial(done) {
      const socket = connect(upstream.port, '127.0.0.1', () => done(null, socket));
      sockets.push(socket);
    },
  };
  const pool = new ConnectionPool({
    dialler: dialler as Dialler,
    maxIdle: 10,
    idleTimeout: 60_000,
    headTimeout: 0,
    maxHead: 65_536,
    ...options,
  });
  return { pool, sockets };
}

const get = { method: 'GET', head: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', body: null, length: 0 };

/** Sends a request and tells how it ended. */
function ask(connection: Connection, log: string[] = []): Promise<string> {
  return new Promise((resolve) => {
    let body = '';
    const taker: AnswerTaker = {
      sending: () => void log.push('sending'),
      informational: (status) => void log.push(`informational ${status}`),
      head: ({ status }) => void log.push(`head ${status}`),
      data: (piece) => {
        body += piece.toString();
      },
      end: () => resolve(body),
      failed: (error) => resolve(`failed: ${error.message}`),
      caughtUp: () => void log.push('caught up'),
    };
    connection.send(get, taker);
  });
}

describe('[DP-6.once] a connection that goes before the request is written', () => {
  it.each([
    ['closed here', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('%s: the request is sent on another one, once', async (_what, breakIt) => {
    let requests = 0;
    const upstream = await rawUpstream(({ socket }) => {
      requests += 1;
      socket.write(ok);
    });
    const { pool, sockets } = poolTo(upstream);
    expect(await ask(pool.take())).toBe('ok');
    const log: string[] = [];
    const asked = ask(pool.take(), log);
    // It waits for what has come in with the last bytes to be looked at.
    expect(log).toEqual([]);
    breakIt(sockets[0] as Socket);
    expect(await asked).toBe('ok');
    expect(log).toEqual(['sending', 'head 200']);
    expect([requests, sockets.length, pool.size]).toEqual([2, 2, 1]);
    pool.stop();
    expect(pool.size).toBe(0);
  });

  it('because of a byte that nobody asked for', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write(ok));
    const { pool, sockets } = poolTo(upstream);
    await ask(pool.take());
    const asked = ask(pool.take());
    sockets[0]?.emit('data', Buffer.from(ok.replace('ok', 'no')));
    expect(await asked).toBe('ok');
    expect(sockets.length).toBe(2);
    expect(sockets[0]?.destroyed).toBe(true);
    pool.stop();
  });
});

describe('how long an idle connection is kept', () => {
  it.each([
    ['the server says that it closes it', 'Connection: close\r\n', 0],
    ['the server is of HTTP/1.0', 'HTTP/1.0', 0],
    ['the server keeps it for a second', 'Keep-Alive: timeout=1\r\n', 0],
    ['the server keeps it for two seconds', 'Keep-Alive: timeout=2, max=100\r\n', 1],
    ['the server says nothing', '', 1],
  ])('%s', async (_what, line, kept) => {
    const answer = line === 'HTTP/1.0' ? ok.replace('1.1', '1.0') : ok.replace('\r\n', `\r\n${line}`);
    const upstream = await rawUpstream(({ socket }) => socket.write(answer));
    const { pool } = poolTo(upstream);
    expect(await ask(pool.take())).toBe('ok');
    expect(pool.size).toBe(kept);
    pool.stop();
  });

  it('a second less than the server keeps it', async () => {
    const upstream = await rawUpstream(({ socket }) =>
      socket.write(ok.replace('\r\n', '\r\nKeep-Alive: timeout=2\r\n')),
    );
    const { pool } = poolTo(upstream);
    await ask(pool.take());
    await pause(600);
    expect(pool.size).toBe(1);
    while (pool.size > 0) await pause(10);
    expect(upstream.connections).toBe(1);
  });

  it('no longer, though the process stood still when its time was over', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write(ok));
    const { pool } = poolTo(upstream, { idleTimeout: 40 });
    await ask(pool.take());
    const until = performance.now() + 60;
    while (performance.now() < until);
    expect(await ask(pool.take())).toBe('ok');
    expect(upstream.connections).toBe(2);
    pool.stop();
  });

  it('each for its own time, after the last use', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write(ok));
    const { pool } = poolTo(upstream, { idleTimeout: 150 });
    await Promise.all([ask(pool.take()), ask(pool.take())]);
    for (let turn = 0; turn < 6; turn++) {
      await pause(50);
      await ask(pool.take());
    }
    // The one on top was used again and again, the other one was not.
    expect(pool.size).toBe(1);
    while (pool.size > 0) await pause(5);
  });
});

describe('[DP-1.framing] bodies of requests', () => {
  const big = Buffer.alloc(5_000_000, 'portcullis ');
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  it.each([
    ['whole, small', big.subarray(0, 9_000), 'whole'],
    ['whole, large', big, 'whole'],
    ['streamed with a length', big, 'length'],
    ['streamed in chunks', big, 'chunks'],
  ])('%s: every byte arrives at a server that reads slowly', async (_what, bytes, how) => {
    const upstream = await httpUpstream((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (piece: Buffer) => {
        hash.update(piece);
        request.pause();
        setImmediate(() => request.resume());
      });
      request.on('end', () => response.end(hash.digest('hex')));
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({ body: bytes });
    if (how === 'whole') await exchange.body.read(10_000_000);
    const streamed = {
      ...exchange.body,
      empty: false,
      buffered: undefined,
      declaredLength: how === 'length' ? bytes.length : undefined,
      stream: () => Readable.from(pieces(bytes)),
    };
    const asked = how === 'whole' ? exchange : Object.assign(exchange, { body: streamed });
    expect(String((await service.handle(asked, clearance)).body)).toBe(digest(bytes));
    expect(service.status()).toMatchObject([{ connections: 1 }]);
  });

  it('one that was answered before it had left us leaves no connection behind', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('early'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({ body: Buffer.alloc(30_000_000) });
    await exchange.body.read(100_000_000);
    expect(String((await service.handle(exchange, clearance)).body)).toBe('early');
    expect(service.status()).toMatchObject([{ inFlight: 0, connections: 0 }]);
  });

  it('one that was sent and whose client fails later does no harm to the next request on the connection', async () => {
    let answer: (() => void) | undefined;
    const upstream = await httpUpstream((request, response) => {
      if (request.method === 'GET') answer = () => response.end('second');
      else request.on('end', () => response.end('first')).resume();
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const source = new Readable({ read() {}, autoDestroy: false });
    source.push('hello');
    source.push(null);
    const exchange = testExchange({ body: 'hello' });
    const body = { ...exchange.body, buffered: undefined, declaredLength: 5, stream: () => source };
    expect(String((await service.handle(Object.assign(exchange, { body }), clearance)).body)).toBe('first');
    const asked = service.handle(testExchange({ method: 'GET' }), clearance);
    while (answer === undefined) await pause(1);
    expect(upstream.connections).toBe(1);
    source.destroy(new Error('aborted'));
    await pause(5);
    answer();
    expect(String((await asked).body)).toBe('second');
  });

  it.each([
    ['shorter', 10],
    ['longer', 3],
  ])('one that is %s than it said ends the call and the connection', async (_what, declaredLength) => {
    const upstream = await httpUpstream((request, response) => {
      request.on('error', () => {});
      request.on('end', () => response.end('ok')).resume();
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({ body: 'hello' });
    const body = {
      ...exchange.body,
      buffered: undefined,
      declaredLength,
      stream: () => Readable.from([Buffer.from('hello')]),
    };
    await expect(service.handle(Object.assign(exchange, { body }), clearance)).rejects.toMatchObject({ status: 502 });
    while (upstream.sockets.size > 0) await pause(1);
  });
});

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 70_001) yield bytes.subarray(at, at + 70_001);
}
