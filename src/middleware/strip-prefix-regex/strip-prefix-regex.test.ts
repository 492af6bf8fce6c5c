import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { stripPrefixRegex } from './strip-prefix-regex.ts';

const rows: readonly (readonly [
  regex: readonly string[],
  path: string,
  result: string | number,
  prefix: string | undefined,
])[] = [
  [['^/foo/[a-z0-9]+/[0-9]+'], '/foo/abc/123/bar', '/bar', '/foo/abc/123'],
  [['^/foo/[a-z0-9]+/[0-9]+/'], '/foo/abc/123/bar', '/bar', '/foo/abc/123/'],
  [['/[a-z]+'], '/team/mcp', '/mcp', '/team'],
  [['mcp'], '/team/mcp', '/team/mcp', undefined],
  [['^/none', '^/team'], '/team', '/', '/team'],
  [['^/te'], '/team/mcp', 404, undefined],
  [['^/team'], '/team//evil', 400, undefined],
  [['x*'], '/team', '/team', undefined],
];

describe('stripPrefixRegex', () => {
  it.each(rows)('[DP-2.strip] %j on %s gives %s', async (regex, path, result, prefix) => {
    const exchange = testExchange({ path });
    const reply = await answer(await buildHandler(stripPrefixRegex, { regex }, answering(204)), exchange);
    expect(reply.status).toBe(typeof result === 'number' ? result : 204);
    if (typeof result === 'string') expect(exchange.path).toBe(result);
    expect(exchange.headers.get('x-forwarded-prefix')).toBe(prefix);
  });

  it('says which expression is broken', async () => {
    await expect(buildHandler(stripPrefixRegex, { regex: ['ok', '('] }, answering(204))).rejects.toMatchObject({
      diagnostics: [{ code: 'CONFIG_INVALID_VALUE', subject: 'test@file: regex.1' }],
    });
  });
});
