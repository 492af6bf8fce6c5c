import { expect, test } from 'vitest';
import { cacheLifetime } from './cache-lifetime.ts';

const none = { cacheControl: undefined, age: undefined, expires: undefined, date: undefined };
const date = 'Mon, 01 Jun 2026 12:00:00 GMT';

test.each([
  ['nothing', {}, 300],
  ['max-age', { cacheControl: 'public, max-age=600' }, 600],
  ['max-age in other case', { cacheControl: 'Max-Age=600' }, 600],
  ['max-age in quotes', { cacheControl: 'max-age="600"' }, 600],
  ['max-age less age', { cacheControl: 'max-age=600', age: '100' }, 500],
  ['more age than max-age', { cacheControl: 'max-age=600', age: '1000' }, 30],
  ['rubbish for age', { cacheControl: 'max-age=600', age: '-5' }, 600],
  ['a short one', { cacheControl: 'max-age=1' }, 30],
  ['zero', { cacheControl: 'max-age=0' }, 30],
  ['a very long one', { cacheControl: 'max-age=9999999999' }, 86_400],
  ['no-store', { cacheControl: 'no-store, max-age=600' }, 30],
  ['no-cache', { cacheControl: 'no-cache' }, 30],
  ['no-cache for a field', { cacheControl: 'no-cache="set-cookie", max-age=600' }, 30],
  ['rubbish', { cacheControl: 'max-age=ten' }, 300],
  ['s-maxage, which is for shared caches', { cacheControl: 's-maxage=900' }, 300],
  ['expires', { expires: 'Mon, 01 Jun 2026 12:20:00 GMT', date }, 1200],
  ['expires in the past', { expires: 'Mon, 01 Jun 2026 11:20:00 GMT', date }, 30],
  ['expires that is no date', { expires: '0', date: undefined }, 30],
  ['max-age before expires', { cacheControl: 'max-age=60', expires: 'Mon, 01 Jun 2026 12:20:00 GMT', date }, 60],
])('[DP-5.jwks] lifetime by %s', (_, fields, seconds) => {
  expect(cacheLifetime({ ...none, ...fields })).toBe(seconds * 1000);
});
