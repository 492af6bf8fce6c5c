import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  answer,
  answering,
  type ExchangeOverrides,
  headerFields,
  testExchange,
} from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { pushedBody } from '../../../test/support/pushed-body.ts';
import { collect } from '../../http/body.ts';
import type { Handler } from '../../http/exchange.ts';
import { compress } from './compress.ts';

const long = 'portcullis '.repeat(200);
const json = (body = long) => answering(200, { headers: { 'Content-Type': 'application/json' }, body });
const accepting = (codings: string, more: ExchangeOverrides = {}): ExchangeOverrides => ({
  ...more,
  headers: { 'Accept-Encoding': codings },
});
const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;

async function run(options: object, next: Handler, request: ExchangeOverrides) {
  return answer(await buildHandler(compress, options, next), testExchange(request));
}

describe('compress', () => {
  it.each(['gzip', 'br', 'zstd'] as const)('sends %s that reads as the body', async (coding) => {
    const next = answering(200, {
      headers: { 'Content-Type': 'text/plain', ETag: '"a"', 'Accept-Ranges': 'bytes' },
      body: long,
    });
    const reply = await run({}, next, accepting(coding));
    expect(reply.headers.get('content-encoding')).toBe(coding);
    expect(reply.headers.get('vary')).toBe('Accept-Encoding');
    expect(reply.headers.get('etag')).toBe('W/"a"');
    expect(reply.headers.has('content-length')).toBe(false);
    expect(reply.headers.has('accept-ranges')).toBe(false);
    expect(decoders[coding](await collect(reply.body, 10_000)).toString()).toBe(long);
  });

  it.each([
    ['nothing is accepted', {}, json(), {}],
    ['another coding is accepted', {}, json(), accepting('deflate')],
    ['the body is short', {}, json('short'), accepting('gzip')],
    [
      'it is coded already',
      {},
      answering(200, { headers: { 'Content-Encoding': 'br' }, body: long }),
      accepting('gzip'),
    ],
    [
      'it may not be changed',
      {},
      answering(200, { headers: { 'Cache-Control': 'no-cache, no-transform' }, body: long }),
      accepting('gzip'),
    ],
    ['it is a part', {}, answering(206, { body: long }), accepting('gzip')],
    [
      'it is an event stream',
      {},
      answering(200, { headers: { 'Content-Type': 'text/event-stream' }, body: long }),
      accepting('gzip'),
    ],
    [
      'it is gRPC',
      {},
      answering(200, { headers: { 'Content-Type': 'application/grpc' }, body: long }),
      accepting('gzip'),
    ],
    ['its type is excluded', { excludedContentTypes: ['application/json'] }, json(), accepting('gzip')],
    ['its type is not included', { includedContentTypes: ['text/html'] }, json(), accepting('gzip')],
    ['only its head is asked for', {}, json(), accepting('gzip', { method: 'HEAD' })],
  ] as const)('[DP-6.unbuffered] leaves a reply alone when %s', async (_title, options, next, request) => {
    const reply = await run(options, next, request);
    expect(reply.headers.get('content-encoding')).not.toBe('gzip');
    expect(Buffer.isBuffer(reply.body)).toBe(true);
  });

  it.each([
    [['a'.repeat(5)], ['b'.repeat(10)], 'gzip'],
    [[], ['a'.repeat(11)], 'gzip'],
    [['a'.repeat(15)], [], 'gzip'],
    [['aa'], ['bb'], undefined],
  ] as const)('decides on a body of unknown length by its beginning (%j, %j)', async (early, late, coding) => {
    const body = pushedBody(early);
    const next: Handler = () => Promise.resolve({ status: 200, headers: headerFields({}), body });
    const pending = run({ minResponseBodyBytes: 10 }, next, accepting('gzip'));
    await new Promise((resolve) => setImmediate(resolve));
    for (const text of late) body.push(text);
    if (coding === undefined) body.end();
    const reply = await pending;
    expect(reply.headers.get('content-encoding')).toBe(coding);
    const bytes = collect(reply.body, 10_000);
    if (coding !== undefined) body.end();
    const whole = [...early, ...late].join('');
    expect((coding === undefined ? await bytes : gunzipSync(await bytes)).toString()).toBe(whole);
  });

  it('cuts the reply when the body breaks off, and cancels the body when the client goes', async () => {
    const cut = pushedBody();
    const headers = () => headerFields({ 'Content-Length': '5000' });
    const reply = await run(
      {},
      () => Promise.resolve({ status: 200, headers: headers(), body: cut }),
      accepting('gzip'),
    );
    const bytes = collect(reply.body, 10_000);
    cut.push('abc');
    cut.fail(new Error('cut'));
    await expect(bytes).rejects.toThrow('cut');

    const left = pushedBody();
    const other = await run(
      {},
      () => Promise.resolve({ status: 200, headers: headers(), body: left }),
      accepting('gzip'),
    );
    if (other.body === null || Buffer.isBuffer(other.body)) throw new Error('not a stream');
    other.body.start({ chunk() {}, end() {}, fail() {} }).cancel();
    expect(left.state.cancelled).toBe(true);
  });

  it('[DP-6.back-pressure] pauses the source while the client does not read', async () => {
    const body = pushedBody();
    const next: Handler = () =>
      Promise.resolve({ status: 200, headers: headerFields({ 'Content-Length': '9999999' }), body });
    const reply = await run({}, next, accepting('gzip'));
    if (reply.body === null || Buffer.isBuffer(reply.body)) throw new Error('not a stream');
    const flow = reply.body.start({ chunk() {}, end() {}, fail() {} });
    flow.pause();
    let pushed = 0;
    while (!body.state.paused && pushed < 1_000) {
      body.push(Math.random().toString(36).repeat(1_000));
      pushed += 1;
    }
    expect(body.state.paused).toBe(true);
    flow.resume();
    await expect.poll(() => body.state.paused).toBe(false);
    flow.cancel();
  });

  it('answers 502 when a body of unknown length breaks off at its beginning', async () => {
    const body = pushedBody();
    const pending = run({}, () => Promise.resolve({ status: 200, headers: headerFields({}), body }), accepting('gzip'));
    await new Promise((resolve) => setImmediate(resolve));
    body.fail(new Error('cut'));
    expect((await pending).status).toBe(502);
  });

  it('uses the preset for clients that say nothing', async () => {
    expect((await run({ defaultEncoding: 'zstd' }, json(), {})).headers.get('content-encoding')).toBe('zstd');
  });

  it('refuses both lists at once', async () => {
    const options = { includedContentTypes: ['a/b'], excludedContentTypes: ['c/d'] };
    await expect(run(options, json(), {})).rejects.toMatchObject({ code: 'CONFIG_INVALID_VALUE' });
  });
});
