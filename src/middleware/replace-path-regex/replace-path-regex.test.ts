import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { replacePathRegex } from './replace-path-regex.ts';

const rows: readonly (readonly [regex: string, replacement: string, path: string, result: string | number])[] = [
  ['^/foo/(.*)', '/bar/$1', '/foo/x/y', '/bar/x/y'],
  ['^/foo/(.*)', '/bar/${1}', '/foo/x', '/bar/x'],
  ['^/foo/(?P<rest>.*)', '/bar/${rest}', '/foo/x', '/bar/x'],
  ['^/(?i)foo', '/bar', '/FOO/x', '/bar/x'],
  ['^/foo', '/bar', '/other', '/other'],
  ['^/foo/(.*)', '$1', '/foo/x', 400],
  ['^/foo/(.*)', '/$1', '/foo//evil.example', 400],
  ['^/foo-(.*)', '/$1', '/foo-..', 400],
  ['^/foo', '/bar?x=1', '/foo', 400],
];

describe('replacePathRegex', () => {
  it.each(rows)('%s to %s on %s gives %s', async (regex, replacement, path, result) => {
    const exchange = testExchange({ path });
    const reply = await answer(await buildHandler(replacePathRegex, { regex, replacement }, answering(204)), exchange);
    expect(reply.status).toBe(typeof result === 'number' ? result : 204);
    if (typeof result === 'number') return;
    expect(exchange.path).toBe(result);
    expect(exchange.headers.get('x-replaced-path')).toBe(result === path ? undefined : path);
  });
});
