import { describe, expect, test } from 'vitest';
import {
  answer,
  answering,
  type ExchangeOverrides,
  headerFields,
  testExchange,
} from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { Principal } from '../../auth/principal.ts';
import { PortcullisError } from '../../errors.ts';
import { apiKey } from './api-key.ts';

const bcrypt = '$2b$04$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6';
const sha = '{SHA}C+7Hteo/D9vJXQ3UfzxbwnXaijM='; // foo
const secretValues = [`ci:${bcrypt}`, sha];
const plain = { secretNonBase64Encoded: true, secretValues };

async function ask(options: object, exchange: ExchangeOverrides) {
  const next = answering(200);
  const handler = await buildHandler(apiKey, options, next, testContext());
  const sent = testExchange(exchange);
  const reply = await answer(handler, sent);
  return { reply, sent, passed: next.seen.length > 0 };
}

describe('[SEC-password] plugin.apiKey', () => {
  const bearer = { ...plain, keySource: { header: 'Authorization', headerAuthScheme: 'Bearer' } };

  test('a key lets its holder in, is taken out of the request, and names its holder', async () => {
    const { passed, sent } = await ask(bearer, { headers: { Authorization: 'bearer secret' } });
    expect(passed).toBe(true);
    expect(Principal.is(sent.identity)).toBe(true);
    expect([sent.identity?.kind, sent.identity?.subject, sent.facts.username]).toEqual(['api-key', 'ci', 'ci']);
    expect(sent.headers.has('authorization')).toBe(false);
  });

  test('holders of keys without names are told apart', async () => {
    const two = { ...bearer, secretValues: [sha, '{SHA}Ys23Ag/5IOWqZCw9QGaVDdHwH00='] };
    const foo = await ask(two, { headers: { Authorization: 'Bearer foo' } });
    const bar = await ask(two, { headers: { Authorization: 'Bearer bar' } });
    expect([foo.passed, bar.passed, foo.sent.identity?.subject]).toEqual([true, true, undefined]);
    expect(foo.sent.identity?.bindingKey).not.toBe(bar.sent.identity?.bindingKey);
  });

  const header = { ...plain, keySource: { header: 'X-Api-Key' } };
  const query = { ...plain, keySource: { query: 'key' } };
  const cookie = { ...plain, keySource: { cookie: 'key' } };
  const encoded = { secretValues, keySource: { header: 'X-Api-Key' } };
  const rows: readonly (readonly [string, object, ExchangeOverrides, number])[] = [
    ['nothing', header, {}, 401],
    ['a header', header, { headers: { 'X-Api-Key': 'secret' } }, 200],
    ['a header with a wrong key', header, { headers: { 'X-Api-Key': 'Secret' } }, 401],
    ['an empty header', header, { headers: { 'X-Api-Key': '' } }, 401],
    ['the hash for a key', header, { headers: { 'X-Api-Key': bcrypt } }, 401],
    ['a header twice', header, { headers: headerFields({ 'X-Api-Key': ['secret', 'secret'] }) }, 400],
    ['a far too long key', header, { headers: { 'X-Api-Key': 'x'.repeat(5_000) } }, 401],
    ['another header', header, { headers: { 'X-Key': 'secret' } }, 401],
    ['no scheme where one belongs', bearer, { headers: { Authorization: 'secret' } }, 401],
    ['another scheme', bearer, { headers: { Authorization: 'Basic secret' } }, 401],
    ['a query', query, { query: '?a=1&key=secret' }, 200],
    ['a query twice', query, { query: '?key=secret&key=secret' }, 400],
    ['a query for a header', header, { query: '?X-Api-Key=secret' }, 401],
    ['a cookie', cookie, { headers: { Cookie: 'a=1; key=secret; b=2' } }, 200],
    ['a quoted cookie', cookie, { headers: { Cookie: 'key="secret"' } }, 200],
    ['a cookie twice', cookie, { headers: { Cookie: 'key=secret; key=foo' } }, 400],
    ['another cookie', cookie, { headers: { Cookie: 'xkey=secret' } }, 401],
    ['base64', encoded, { headers: { 'X-Api-Key': 'c2VjcmV0' } }, 200],
    ['not base64 where it is expected', encoded, { headers: { 'X-Api-Key': 'secret!' } }, 401],
    ['base64 of no text', encoded, { headers: { 'X-Api-Key': '/w==' } }, 401],
    ['base64 where it is not expected', header, { headers: { 'X-Api-Key': 'c2VjcmV0' } }, 401],
  ];
  test.each(rows)('%s', async (_, options, exchange, status) => {
    const { reply, passed, sent } = await ask(options, exchange);
    expect([reply.status, passed]).toEqual([status, status === 200]);
    if (status === 401) expect([reply.body, reply.headers.has('www-authenticate')]).toEqual([null, true]);
    if (status === 200) {
      const forwarded = `${sent.query} ${sent.headers.toRaw().join(' ')}`;
      expect(forwarded).not.toMatch(/secret|c2VjcmV0/);
    }
  });

  test('what else was in the query and the cookies stays', async () => {
    expect((await ask(query, { query: '?a=1&key=secret&b' })).sent.query).toBe('?a=1&b');
    const { sent } = await ask(cookie, { headers: { Cookie: 'a=1; key=secret; b=2' } });
    expect(sent.headers.get('cookie')).toBe('a=1; b=2');
  });

  test('the challenge names the scheme', async () => {
    expect((await ask(bearer, {})).reply.headers.get('www-authenticate')).toBe('Bearer realm="portcullis"');
    expect((await ask(header, {})).reply.headers.get('www-authenticate')).toBe('ApiKey realm="portcullis"');
  });

  test.each([
    [{ ...plain, keySource: {} }, /no place/],
    [{ ...plain, keySource: { header: 'a', query: 'b' } }, /more than one/],
    [{ ...plain, keySource: { query: 'b', headerAuthScheme: 'Bearer' } }, /belongs to a header/],
    [{ ...plain, keySource: { header: 'X Key' } }, /header name/],
    [{ ...plain, keySource: { cookie: 'a=b' } }, /cookie name/],
    [{ ...plain, keySource: { header: 'X-Key', headerAuthScheme: 'a b' } }, /scheme/],
    [{ ...header, secretValues: ['secret'] }, /not a bcrypt/],
    [{ ...header, secretValues: ['# none'] }, /no hash/],
  ])('%j is refused', async (options, reason) => {
    const attempt = buildHandler(apiKey, options, answering(200));
    await expect(attempt).rejects.toThrow(PortcullisError);
    await expect(attempt).rejects.toThrow(reason);
  });
});
