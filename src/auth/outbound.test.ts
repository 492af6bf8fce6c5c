import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ForbiddenAddress, forbidden, outboundAgent, ResponseTooLarge, requestSmall } from './outbound.ts';

const anywhere = { loopbackOnly: false };

describe('[SEC-ssrf] addresses that outbound calls never reach', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '2002:a9fe:a9fe::',
    '::ffff:0:a9fe:a9fe',
    '::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    'fec0::1',
    '192.0.0.192',
    'fd20:ce::254',
    'fd00:ec2:1::1',
    'localhost',
    '',
  ])('%s', (address) => {
    expect(forbidden(address, anywhere)).toBeDefined();
  });

  test.each(['127.0.0.1', '::1', '10.0.0.1', '192.168.1.1', 'fd12::1', '203.0.113.9', '2606:4700::1111'])(
    '%s may be reached',
    (address) => {
      expect(forbidden(address, anywhere)).toBeUndefined();
    },
  );

  test.each([
    ['127.0.0.1', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['10.0.0.1', true],
    ['203.0.113.9', true],
  ])('without TLS only this machine: %s', (address, refused) => {
    expect(forbidden(address, { loopbackOnly: true }) !== undefined).toBe(refused);
  });
});

describe('the client for calls of our own', () => {
  let server: Server;
  let port: number;
  let asked: { url: string | undefined; host: string | undefined; method: string | undefined }[];
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push({ url: request.url, host: request.headers.host, method: request.method });
      response.setHeader('x-one', ['a', 'b']);
      response.end('hello');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const ask = async (url: string, options: Partial<Parameters<typeof outboundAgent>[0]> = {}, limit = 100) => {
    const dispatcher = outboundAgent({ plaintext: 'loopback', connectTimeout: 1_000, ...options });
    try {
      return await requestSmall(new URL(url), { dispatcher, headers: {}, timeout: 1_000, limit });
    } finally {
      await dispatcher.destroy();
    }
  };

  test('reads a small answer', async () => {
    const answer = await ask(`http://127.0.0.1:${port}/a?b=c`);
    expect([answer.status, answer.body.toString(), answer.all('x-one'), answer.header('x-two')]).toEqual([
      200,
      'hello',
      ['a', 'b'],
      undefined,
    ]);
    expect(asked).toEqual([{ url: '/a?b=c', host: `127.0.0.1:${port}`, method: 'GET' }]);
  });

  test('refuses a longer one', async () => {
    await expect(ask(`http://127.0.0.1:${port}/`, {}, 4)).rejects.toThrow(ResponseTooLarge);
  });

  test('looks names up and judges what they resolve to', async () => {
    expect((await ask(`http://localhost:${port}/`)).status).toBe(200);
    await expect(ask('http://169.254.169.254/latest/meta-data')).rejects.toThrow(ForbiddenAddress);
    await expect(ask('http://[::ffff:a9fe:a9fe]/')).rejects.toThrow(ForbiddenAddress);
    await expect(ask('http://10.255.255.1/', { connectTimeout: 50 })).rejects.toThrow(ForbiddenAddress);
    expect(asked).toHaveLength(1);
  });

  test('goes where `resolve` points, under the name that was asked for', async () => {
    const resolve = new Map([['keys.example:80', `127.0.0.1:${port}`]]);
    expect((await ask('http://keys.example/jwks', { resolve })).status).toBe(200);
    expect(asked).toEqual([{ url: '/jwks', host: 'keys.example', method: 'GET' }]);
  });
});
