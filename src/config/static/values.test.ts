import { describe, expect, test } from 'vitest';
import { parseResolveRule } from './schema.ts';
import { ipRange, isLoopback, parseAddress } from './values.ts';

describe('addresses', () => {
  test.each([
    [':8000', undefined, 8000],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:80', '::1', 80],
    ['localhost:65535', 'localhost', 65_535],
    [':80/tcp', undefined, 80],
    ['[]:80', undefined, undefined],
    ['80', undefined, undefined],
    ['::1:80', undefined, undefined],
    ['[localhost]:80', undefined, undefined],
    ['a b:80', undefined, undefined],
    [':80 ', undefined, undefined],
    [':-1', undefined, undefined],
    [':65536', undefined, undefined],
  ])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual(port === undefined ? undefined : { host, port });
  });

  test.each([
    ['127.0.0.1:1', true],
    ['127.8.9.10:1', true],
    ['[::1]:1', true],
    ['localhost:1', true],
    [':1', false],
    ['0.0.0.0:1', false],
    ['127.example.com:1', false],
    ['10.0.0.1:1', false],
  ])('only this machine reaches %s: %s', (text, expected) => {
    expect(isLoopback(text)).toBe(expected);
  });

  test.each([
    ['10.0.0.0/8', true],
    ['10.1.2.3', true],
    ['2001:db8::/32', true],
    ['::1/128', true],
    ['10.0.0.0/33', false],
    ['::1/129', false],
    ['10.0.0.0/', false],
    ['10.0.0.0/8/8', false],
    ['example.com', false],
    ['010.0.0.1', false],
  ])('range %s: %s', (text, expected) => {
    expect(ipRange.safeParse(text).success).toBe(expected);
  });
});

describe('resolve rules', () => {
  test.each([
    ['Mcp.DeepWiki.com:443=127.0.0.1:9443', { host: 'mcp.deepwiki.com', port: 443, toHost: '127.0.0.1', toPort: 9443 }],
    ['[2001:DB8::1]:443=[::1]:1', { host: '2001:db8::1', port: 443, toHost: '::1', toPort: 1 }],
    ['a:443=b', undefined],
    ['a=b:1', undefined],
    ['a:70000=b:1', undefined],
    ['a:1=b:70000', undefined],
    ['a:1=b:2=c:3', undefined],
  ])('%s', (text, expected) => {
    expect(parseResolveRule(text)).toEqual(expected);
  });
});
