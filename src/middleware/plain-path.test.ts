import { describe, expect, it } from 'vitest';
import { isPlainPath, restBehind } from './plain-path.ts';

describe('plain paths', () => {
  it.each(['/', '/mcp', '/a/', '/a.b/..c/...', '/%20/%C3%A9', "/-._~!$&'()*+,;=:@"])('%s is one', (path) => {
    expect(isPlainPath(path)).toBe(true);
  });

  it.each([
    '',
    'mcp',
    '//',
    '//evil.example/mcp',
    '/a//b',
    '/..',
    '/a/../b',
    '/a/.',
    '/./a',
    '/%2e%2E/a',
    '/a/.%2e',
    '/a?b',
    '/a#b',
    '/a b',
    '/a\\b',
    '/é',
    '/a%2',
    '/a%zz',
    '/\u0000',
  ])('%j is none', (path) => {
    expect(isPlainPath(path)).toBe(false);
  });

  it.each([
    ['/api', '/api', '/'],
    ['/api/', '/api', '/'],
    ['/api/x', '/api', '/x'],
    ['/api/x', '/api/', '/x'],
    ['/api/', '/api/', '/'],
    ['/apix', '/api', undefined],
    ['/x', '/', '/x'],
  ])('behind the beginning of %s, %s, is %s', (path, prefix, rest) => {
    expect(restBehind(path, prefix)).toBe(rest);
  });
});
