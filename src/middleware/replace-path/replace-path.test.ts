import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { replacePath } from './replace-path.ts';

describe('replacePath', () => {
  it('replaces the path, keeps the query and reports the path before', async () => {
    const exchange = testExchange({ path: '/old%20one', query: '?x=1' });
    await answer(await buildHandler(replacePath, { path: '/mcp' }, answering(204)), exchange);
    expect([exchange.path, exchange.query]).toEqual(['/mcp', '?x=1']);
    expect(exchange.headers.getAll('x-replaced-path')).toEqual(['/old%20one']);
  });

  it.each(['', 'mcp', '/a?b', '/a/../b'])('refuses the path %j', (path) => {
    expect(replacePath.options.safeParse({ path }).success).toBe(false);
  });
});
