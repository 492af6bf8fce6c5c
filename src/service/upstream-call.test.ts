import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type TestExchange, testExchange } from '../../test/support/exchange.ts';
import { keptLogger } from '../../test/support/kept-log.ts';
import { balancer, clearance, closeUpstreams, httpUpstream, rawUpstream, setUp } from '../../test/support/upstreams.ts';
import { type BodyFlow, type BodySink, type BodySource, collect } from '../http/body.ts';
import type { Reply } from '../http/exchange.ts';
import type { Refusal } from '../http/refusal.ts';

closeUpstreams();

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function flowing(reply: Reply): BodySource {
  if (reply.body === null || Buffer.isBuffer(reply.body)) throw new Error('the body does not flow');
  return reply.body;
}

/** Remembers what it gets. */
class Recorder implements BodySink {
  text = '';
  bytes = 0;
  ends = 0;
  errors: Error[] = [];
  chunk(data: Uint8Array): void {
    if (this.bytes < 10_000) this.text += Buffer.from(data).toString();
    this.bytes += data.length;
  }
  end(): void {
    this.ends += 1;
  }
  fail(error: Error): void {
    this.errors.push(error);
  }
}

async function posted(body: string | Buffer, options: Parameters<typeof testExchange>[0] = {}): Promise<TestExchange> {
  const exchange = testExchange({ body, ...options });
  await exchange.body.read(10_000_000);
  return exchange;
}

describe('[DP-1.framing] the request on the wire', () => {
  it('has our framing around the bytes at hand, and no header that is not ours to pass on', async () => {
    let seen = '';
    const upstream = await rawUpstream(({ socket, text }) => {
      seen = text;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = await posted('{"a":1}', {
      path: '/mcp',
      query: '?x=%20',
      headers: {
        Host: 'mcp.localhost:8000',
        'Content-Type': 'application/json',
        'Content-Length': '999',
        'Transfer-Encoding': 'chunked',
        'X-Twice': ['a', 'b'],
      },
    });
    await service.handle(exchange, clearance);
    const [line, ...fields] = (seen.split('\r\n\r\n')[0] ?? '').split('\r\n');
    expect(line).toBe('POST /mcp?x=%20 HTTP/1.1');
    expect(fields).toEqual([
      'host: mcp.localhost:8000',
      'connection: keep-alive',
      'Content-Type: application/json',
      'X-Twice: a',
      'X-Twice: b',
      'content-length: 7',
    ]);
    expect(seen.endsWith('\r\n\r\n{"a":1}')).toBe(true);
  });

  it.each([
    ['with a declared length', false],
    ['without one', true],
  ])('streams a body that nobody has read, %s', async (_what, chunked) => {
    const framing: (string | undefined)[] = [];
    let body = '';
    const upstream = await httpUpstream((request, response) => {
      framing.push(request.headers['content-length'], request.headers['transfer-encoding']);
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => response.end());
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const pieces = Readable.from(slowly(['he', 'llo']));
    const plain = testExchange({ body: 'hello', chunked });
    const exchange = Object.assign(plain, { body: { ...plain.body, buffered: undefined, stream: () => pieces } });
    expect((await service.handle(exchange, clearance)).status).toBe(200);
    expect(body).toBe('hello');
    expect(framing).toEqual(chunked ? [undefined, 'chunked'] : ['5', undefined]);
  });

  it('is broken off when the client breaks off its body', async () => {
    let aborted = false;
    const upstream = await httpUpstream((request, response) => {
      request.on('error', () => {
        aborted = true;
      });
      request.resume();
      response.on('close', () => {});
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const broken = new Readable({ read() {} });
    broken.push('he');
    const plain = testExchange({ body: 'hello' });
    const exchange = Object.assign(plain, { body: { ...plain.body, buffered: undefined, stream: () => broken } });
    const asked = service.handle(exchange, clearance);
    await pause(20);
    broken.destroy(new Error('gone'));
    await expect(asked).rejects.toMatchObject({ status: 502, unsent: false });
    while (!aborted) await pause(1);
  });

  it('is read whole before a server is asked, when it is declared and short: a slow client holds no connection', async () => {
    let received = '';
    const upstream = await httpUpstream(async (request, response) => {
      for await (const chunk of request) received += String(chunk);
      response.end('ok');
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const plain = testExchange({ body: 'hello' });
    const whole = Promise.withResolvers<Buffer>();
    const body = { ...plain.body, buffered: undefined as Buffer | undefined, read: () => whole.promise };
    const asked = service.handle(Object.assign(plain, { body }), clearance);
    await pause(20);
    expect(service.status()).toMatchObject([{ inFlight: 0, connections: 0 }]);
    body.buffered = Buffer.from('hello');
    whole.resolve(body.buffered);
    expect((await asked).status).toBe(200);
    expect(received).toBe('hello');
  });

  it('may be answered before all of it was sent; the connection is then given up', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const plain = testExchange({ body: 'hello' });
    const pieces = new Readable({ read() {} });
    pieces.push('h');
    const exchange = Object.assign(plain, {
      body: { ...plain.body, declaredLength: undefined, buffered: undefined, stream: () => pieces },
    });
    const reply = await service.handle(exchange, clearance);
    expect(reply.status).toBe(200);
    while (upstream.sockets.size > 0) await pause(1);
    expect(pieces.destroyed).toBe(false);
  });

  it('leaves the connection of the client alone when the upstream dies', async () => {
    const upstream = await rawUpstream(() => {});
    await upstream.close();
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const pieces = new Readable({ read() {} });
    pieces.push('he');
    const plain = testExchange({ body: 'hello' });
    const exchange = Object.assign(plain, { body: { ...plain.body, buffered: undefined, stream: () => pieces } });
    await expect(service.handle(exchange, clearance)).rejects.toMatchObject({ status: 502 });
    await pause(5);
    expect(pieces.destroyed).toBe(false);
  });
});

async function* slowly(pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    await pause(5);
    yield Buffer.from(piece);
  }
}

describe('[DP-2.hop-by-hop] fields of one connection', () => {
  it('do not go up', async () => {
    let seen: string[] = [];
    const upstream = await httpUpstream((request, response) => {
      seen = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      response.end();
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({
      headers: {
        Connection: 'close, nominated , X-Forwarded-For, Authorization, MCP-Session-Id, content-type',
        Nominated: 'x',
        'Keep-Alive': 'timeout=5',
        'Proxy-Authorization': 'Basic x',
        'Proxy-Connection': 'keep-alive',
        TE: 'trailers',
        Trailer: 'X-T',
        Upgrade: 'websocket',
        Expect: '100-continue',
        'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
        'X-Forwarded-For': '10.0.0.1',
        Authorization: 'Bearer x',
        'Mcp-Session-Id': 's',
        'Content-Type': 'application/json',
      },
    });
    await service.handle(exchange, clearance);
    expect(seen).toEqual(['host', 'connection', 'x-forwarded-for', 'authorization', 'mcp-session-id', 'content-type']);
  });

  it('do not come down, nor do trailers', async () => {
    const upstream = await rawUpstream(({ socket }) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n' +
          'Trailer: X-T\r\nTransfer-Encoding: chunked\r\nAlt-Svc: h3=":443"\r\nX-Kept: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n' +
          '2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
      );
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const reply = await service.handle(testExchange(), clearance);
    expect(reply.headers.toRaw()).toEqual(['X-Kept', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
    expect((await collect(reply.body, 10)).toString()).toBe('ok');
  });
});

describe('[DP-4.redirects] answers of the upstream', () => {
  it.each([301, 302, 307, 308, 400, 401, 403, 404, 405, 429, 500, 502, 503, 504])('%i is passed on', async (status) => {
    let asked = 0;
    const upstream = await httpUpstream((_request, response) => {
      asked += 1;
      response.writeHead(status, ['Location', '/elsewhere', 'X-Mine', 'yes', 'WWW-Authenticate', 'Bearer x']);
      response.end('why');
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const reply = await service.handle(testExchange(), clearance);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('location')).toBe('/elsewhere');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer x');
    expect((await collect(reply.body, 10)).toString()).toBe('why');
    expect(asked).toBe(1);
  });
});

describe('[DP-6.flow] an event stream', () => {
  it('flows event by event, its head first, and is marked as long-lived', async () => {
    let send: (text: string) => void = () => {};
    const upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      send = (text) => void response.write(text);
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange();
    const reply = await service.handle(exchange, clearance);
    expect(reply.longLived).toBe(true);
    const sink = new Recorder();
    flowing(reply).start(sink);
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const before = sink.text;
      send(event);
      while (sink.text === before) await pause(1);
      expect(sink.text).toBe(before + event);
    }
    exchange.close();
  });

  it('outlives every timeout that waits for a head', async () => {
    const upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      setTimeout(() => response.end('data: late\n\n'), 1_800);
    });
    const { service } = setUp(
      { a: balancer({ servers: [upstream.url] }) },
      { transport: { forwardingTimeouts: { dialTimeout: 300, responseHeaderTimeout: 300, idleConnTimeout: 300 } } },
    );
    const reply = await service.handle(testExchange(), clearance);
    expect((await collect(reply.body, 100)).toString()).toBe('data: late\n\n');
  });

  it('that floods a reader which does not read stops in bounds, and loses nothing', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const total = 40 * 1024 * 1024;
    let written = 0;
    const upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const more = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const reply = await service.handle(testExchange(), clearance);
    const body = flowing(reply);
    // Nobody has started it: held back already.
    await pause(150);
    const sink = new Recorder();
    const flow = body.start(sink);
    flow.pause();
    await pause(150);
    expect(sink.bytes).toBeLessThan(512 * 1024);
    const stood = written;
    await pause(150);
    expect(written).toBe(stood);
    expect(written).toBeLessThan(total / 2);
    flow.resume();
    while (sink.ends === 0) await pause(5);
    expect(sink.bytes).toBe(total);
  });

  it('can be paused and resumed for every chunk, from inside the sink', async () => {
    const upstream = await httpUpstream((_request, response) => response.end(Buffer.alloc(1_000_000, 'y')));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const reply = await service.handle(testExchange(), clearance);
    const sink = new Recorder();
    let flow: BodyFlow | undefined;
    let turn = 0;
    const record = sink.chunk.bind(sink);
    sink.chunk = (data) => {
      record(data);
      flow?.pause();
      turn += 1;
      if (turn % 2 === 0) flow?.resume();
      else setImmediate(() => flow?.resume());
    };
    flow = flowing(reply).start(sink);
    while (sink.ends === 0 && sink.errors.length === 0) await pause(2);
    expect(sink.bytes).toBe(1_000_000);
  });
});

describe('an answer of known, small length', () => {
  it.each([
    ['in one piece', 0],
    ['body right behind the head', 1],
  ])('comes back whole: %s', async (_what, split) => {
    const upstream = await rawUpstream(({ socket }) => {
      socket.setNoDelay(true);
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n';
      if (split === 0) socket.write(head + 'j'.repeat(300));
      else {
        socket.write(head);
        socket.write('j'.repeat(300));
      }
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    let whole = 0;
    for (let i = 0; i < 20; i++) {
      const reply = await service.handle(testExchange(), clearance);
      if (Buffer.isBuffer(reply.body)) whole += 1;
      expect((await collect(reply.body, 300)).length).toBe(300);
    }
    expect(whole).toBeGreaterThan(split === 0 ? 19 : 10);
  });

  it('whose body does not come is not waited for', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange();
    const reply = await service.handle(exchange, clearance);
    expect(Buffer.isBuffer(reply.body)).toBe(false);
    flowing(reply).cancel();
    while (upstream.sockets.size > 0) await pause(1);
  });
});

describe('[DP-6.client-gone] the client goes', () => {
  it.each(['before the head', 'while the body flows', 'before the body is started'])(
    '%s: the call is aborted',
    async (when) => {
      const upstream = await httpUpstream((_request, response) => {
        if (when === 'before the head') return;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: 1\n\n');
      });
      const { service, registry } = setUp({ a: balancer({ servers: [upstream.url] }) });
      const exchange = testExchange();
      const sink = new Recorder();
      if (when === 'before the head') {
        const asked = service.handle(exchange, clearance);
        while (upstream.sockets.size === 0) await pause(1);
        await pause(5);
        exchange.close();
        await expect(asked).rejects.toMatchObject({ status: 499, errorType: 'client_gone', unsent: false });
      } else {
        const reply = await service.handle(exchange, clearance);
        if (when === 'while the body flows') flowing(reply).start(sink);
        exchange.close();
        if (when !== 'while the body flows') flowing(reply).start(sink);
        await pause(1);
        expect(sink.errors.length).toBe(1);
        expect(sink.ends).toBe(0);
      }
      while (upstream.sockets.size > 0) await pause(1);
      expect(service.status()).toMatchObject([{ inFlight: 0, connections: 0 }]);
      expect(registry.sizes.pools).toBe(1);
    },
  );

  it('while the connection is made: nothing is sent on it', async () => {
    let requests = 0;
    const upstream = await rawUpstream(() => {
      requests += 1;
    });
    const lookup = async () => {
      await pause(30);
      return [{ address: '127.0.0.1', family: 4 }] as const;
    };
    const { service } = setUp(
      { a: balancer({ servers: [`http://slow.test:${upstream.port}`] }) },
      { context: { lookup } },
    );
    const exchange = testExchange({ body: '' });
    const asked = service.handle(exchange, clearance);
    exchange.close();
    await expect(asked).rejects.toMatchObject({ status: 499, unsent: true });
    while (upstream.connections === 0 || upstream.sockets.size > 0) await pause(1);
    expect(requests).toBe(0);
    expect(service.status()).toMatchObject([{ inFlight: 0, connections: 0 }]);
  });

  it('after the answer was complete: nobody listens any more', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange();
    let listening = 0;
    const onClosed = exchange.onClosed.bind(exchange);
    exchange.onClosed = (callback) => {
      listening += 1;
      const forget = onClosed(callback);
      return () => {
        listening -= 1;
        forget();
      };
    };
    await service.handle(exchange, clearance);
    expect(listening).toBe(0);
  });

  it('where calls go on: the answer is read to its end and thrown away', async () => {
    let ended = 0;
    let finish: () => void = () => {};
    const upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      response.on('close', () => {
        ended += response.writableFinished ? 1 : 0;
      });
      finish = () => response.end(Buffer.alloc(300_000, 'z'));
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({ abortOnClose: false });
    const reply = await service.handle(exchange, clearance);
    const sink = new Recorder();
    const flow = flowing(reply).start(sink);
    exchange.close();
    flow.cancel();
    await pause(20);
    expect(upstream.sockets.size).toBe(1);
    const before = sink.bytes;
    finish();
    while (ended === 0) await pause(1);
    expect(sink.bytes).toBe(before);
    expect(sink.errors).toEqual([]);
    await pause(5);
    expect(service.status()).toMatchObject([{ inFlight: 0, connections: 1 }]);
  });

  it.each([
    ['too long', { orphanBytes: 1_000, orphanTime: 60_000 }],
    ['too slow', { orphanBytes: 10_000_000, orphanTime: 40 }],
  ])('where calls go on: not for ever (%s)', async (what, limits) => {
    const upstream = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      if (what === 'too long') setTimeout(() => response.write(Buffer.alloc(100_000, 'z')), 20);
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) }, { context: { limits } });
    const exchange = testExchange({ abortOnClose: false });
    const reply = await service.handle(exchange, clearance);
    exchange.close();
    flowing(reply).cancel();
    while (upstream.sockets.size > 0) await pause(2);
    expect(service.status()).toMatchObject([{ inFlight: 0, connections: 0 }]);
  });

  it('where calls go on: one without a head yet is given up at the limit', async () => {
    const upstream = await httpUpstream(() => {});
    const { service } = setUp(
      { a: balancer({ servers: [upstream.url] }) },
      { context: { limits: { orphanTime: 30 } } },
    );
    const exchange = testExchange({ abortOnClose: false, body: '' });
    const asked = service.handle(exchange, clearance);
    exchange.close();
    await expect(asked).rejects.toMatchObject({ status: 499 });
    while (upstream.sockets.size > 0) await pause(1);
  });
});

describe('one answer starts another request', () => {
  it('when the end of one answer starts the next request, and a chunk of one stream resumes another', async () => {
    const big = Buffer.alloc(2_000_000, 'b');
    const upstream = await httpUpstream((request, response) => response.end(request.url === '/big' ? big : 'small'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    for (let i = 0; i < 5; i++) await service.handle(testExchange(), clearance);
    const replies = await Promise.all([1, 2].map(() => service.handle(testExchange({ path: '/big' }), clearance)));
    const flows: BodyFlow[] = [];
    const sizes = [0, 0];
    const after: Promise<Reply>[] = [];
    for (const [index, reply] of replies.entries()) {
      const flow = flowing(reply).start({
        chunk(data) {
          sizes[index] = (sizes[index] ?? 0) + data.length;
          flows[index]?.pause();
          flows[1 - index]?.resume();
          setImmediate(() => flows[index]?.resume());
        },
        end() {
          after.push(service.handle(testExchange(), clearance), service.handle(testExchange(), clearance));
        },
        fail(error) {
          throw error;
        },
      });
      flows.push(flow);
    }
    while (after.length < 4) await pause(2);
    for (const reply of await Promise.all(after)) expect(String(reply.body)).toBe('small');
    expect(sizes).toEqual([big.length, big.length]);
  });
});

describe('[DP-6.cut] the upstream dies mid-answer', () => {
  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n'],
    ['neither', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('framed by %s: the body fails, once', async (_what, head) => {
    const upstream = await rawUpstream(({ socket }) => {
      socket.write(`${head}hello`);
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const reply = await service.handle(testExchange(), clearance);
    const sink = new Recorder();
    flowing(reply).start(sink);
    while (sink.errors.length === 0) await pause(1);
    await pause(20);
    expect(sink).toMatchObject({ text: 'hello', ends: 0 });
    expect(sink.errors.length).toBe(1);
  });
});

describe('[DP-6.once] a request is sent at most once', () => {
  it('when the upstream closes a connection that it kept, at the very moment or before', async () => {
    const seen = new Map<string, number>();
    const upstream = await rawUpstream(({ socket, text, onConnection }) => {
      const nonce = /nonce-\d+/.exec(text)?.[0] ?? '';
      seen.set(nonce, (seen.get(nonce) ?? 0) + 1);
      // Every second request on a connection is taken and not answered.
      if (onConnection === 1) socket.destroy();
      else {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        if (Math.random() < 0.5) setTimeout(() => socket.destroy(), Math.random() * 4);
      }
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    let answered = 0;
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const exchange = await posted(`{"method":"tools/call","id":"nonce-${i}"}`);
      await service.handle(exchange, clearance).then(
        () => {
          answered += 1;
        },
        (error: unknown) => {
          refused += 1;
          expect(error).toMatchObject({ status: 502 });
        },
      );
      if (i % 3 === 0) await pause(Math.random() * 5);
    }
    expect(answered + refused).toBe(150);
    expect(answered).toBeGreaterThan(50);
    expect(Math.max(...seen.values())).toBe(1);
  });

  it('or not at all, when its client has gone already', async () => {
    const upstream = await rawUpstream(() => {});
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = await posted('{}');
    exchange.close();
    await expect(service.handle(exchange, clearance)).rejects.toMatchObject({ status: 499, unsent: true });
    expect(upstream.connections).toBe(0);
  });

  it('but another server is asked when no connection could be made', async () => {
    const dead = await rawUpstream(() => {});
    const deadUrl = dead.url;
    await dead.close();
    const alive = await httpUpstream((_request, response) => response.end('alive'));
    const { service } = setUp({ a: balancer({ servers: [deadUrl, alive.url] }) });
    for (let i = 0; i < 4; i++) {
      const exchange = await posted('{}');
      const reply = await service.handle(exchange, clearance);
      expect((await collect(reply.body, 10)).toString()).toBe('alive');
      expect(exchange.facts.serverUrl).toBe(alive.url);
      expect(exchange.facts.retryAttempts).toBeLessThanOrEqual(1);
    }
  });

  it('and says so when nothing was sent anywhere', async () => {
    const dead = await rawUpstream(() => {});
    await dead.close();
    const { service } = setUp({ a: balancer({ servers: [dead.url] }) });
    await expect(service.handle(await posted('{}'), clearance)).rejects.toMatchObject({ status: 502, unsent: true });
    const closing = await rawUpstream(({ socket }) => socket.destroy());
    const other = setUp({ a: balancer({ servers: [closing.url] }) });
    await expect(other.service.handle(await posted('{}'), clearance)).rejects.toMatchObject({
      status: 502,
      unsent: false,
    });
  });
});

describe('connections that are not in use', () => {
  it.each([
    [1, 1],
    [2, 2],
    [0, 3],
    [-1, 0],
  ])('maxIdleConnsPerHost %i keeps %i of three', async (maxIdleConnsPerHost, kept) => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) }, { transport: { maxIdleConnsPerHost } });
    await Promise.all([1, 2, 3].map(() => service.handle(testExchange(), clearance)));
    await pause(20);
    expect(upstream.sockets.size).toBe(kept);
    expect(service.status()).toMatchObject([{ connections: kept }]);
  });

  it('are closed after idleConnTimeout', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const forwardingTimeouts = { dialTimeout: 1_000, responseHeaderTimeout: 0, idleConnTimeout: 40 };
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) }, { transport: { forwardingTimeouts } });
    await service.handle(testExchange(), clearance);
    expect(upstream.sockets.size).toBe(1);
    while (upstream.sockets.size > 0) await pause(2);
    await pause(5);
    expect(service.status()).toMatchObject([{ connections: 0 }]);
  });
});

describe('the operator', () => {
  it('is told about a failing server, once in a while, without its clients being told anything', async () => {
    const upstream = await rawUpstream(({ socket }) => socket.destroy());
    const lines: string[] = [];
    const log = { ...keptLogger, warn: (message: string) => lines.push(message) };
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) }, { context: { log } });
    for (let i = 0; i < 5; i++) {
      const refusal = await service.handle(testExchange(), clearance).catch((error: unknown) => error);
      const { headers, body } = (refusal as Refusal).toReply();
      expect(`${headers.toRaw()}${body}`).not.toMatch(/127\.0\.0\.1|socket|closed/);
    }
    expect(lines).toEqual(['upstream call failed']);
  });
});
