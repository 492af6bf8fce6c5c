import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { addPrefix } from './add-prefix.ts';

describe('addPrefix', () => {
  it.each([
    ['/foo', '/bar', '/bar', '/foo/bar'],
    ['/foo/', '/bar', '/bar', '/foo/bar'],
    ['/foo', '/', '/', '/foo/'],
    ['/mcp', '/', '/stripped', '/mcp'],
    ['/mcp/', '/', '/stripped', '/mcp/'],
    ['/mcp', '/', '/stripped/', '/mcp/'],
  ])('%s before %s (sent as %s) gives %s', async (prefix, path, originalPath, result) => {
    const exchange = testExchange({ path, originalPath });
    await answer(await buildHandler(addPrefix, { prefix }, answering(204)), exchange);
    expect(exchange.path).toBe(result);
  });

  it.each(['', 'foo', '//foo', '/foo?x=1', '/../foo'])('refuses the prefix %j', (prefix) => {
    expect(addPrefix.options.safeParse({ prefix }).success).toBe(false);
  });
});
