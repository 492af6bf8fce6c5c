import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { isPlainPath } from '../plain-path.ts';
import { stripPrefix } from './strip-prefix.ts';

type Row = readonly [prefixes: readonly string[], path: string, result: string | number, prefix: string | undefined];

/** A number is the status of a refusal. */
const rows: readonly Row[] = [
  [['/deepwiki-mcp'], '/deepwiki-mcp', '/', '/deepwiki-mcp'],
  [['/deepwiki-mcp'], '/deepwiki-mcp/', '/', '/deepwiki-mcp'],
  [['/deepwiki-mcp'], '/deepwiki-mcp/mcp', '/mcp', '/deepwiki-mcp'],
  [['/deepwiki-mcp'], '/deepwiki-mcpX', 404, undefined],
  [['/deepwiki-mcp'], '/deepwiki-mcp-admin/mcp', 404, undefined],
  [['/deepwiki-mcp'], '/deepwiki-mcp../secret', 404, undefined],
  [['/deepwiki-mcp'], '/deepwiki-mcp//evil.example', 400, undefined],
  [['/deepwiki-mcp'], '/other/deepwiki-mcp', '/other/deepwiki-mcp', undefined],
  [['/deepwiki-mcp'], '/Deepwiki-mcp/x', '/Deepwiki-mcp/x', undefined],
  [['/api/'], '/api/x', '/x', '/api/'],
  [['/api/'], '/api', '/api', undefined],
  [['/'], '/x', '/x', '/'],
  [['/a', '/a/b'], '/a/b/c', '/b/c', '/a'],
  [['/a/b', '/a'], '/a/b/c', '/c', '/a/b'],
  [[' /a '], '/a/b', '/b', '/a'],
];

describe('stripPrefix', () => {
  it.each(rows)('[DP-2.strip] %j on %s gives %s', async (prefixes, path, result, prefix) => {
    const next = answering(204);
    const exchange = testExchange({ path });
    const reply = await answer(await buildHandler(stripPrefix, { prefixes }, next), exchange);
    expect(reply.status).toBe(typeof result === 'number' ? result : 204);
    expect(next.seen).toHaveLength(typeof result === 'number' ? 0 : 1);
    if (typeof result === 'string') expect(exchange.path).toBe(result);
    expect(exchange.headers.get('x-forwarded-prefix')).toBe(prefix);
    expect(exchange.originalPath).toBe(path);
  });

  it('[DP-2.strip] never lets a path out from below the prefix', async () => {
    const segment = fc.constantFrom('a', 'b', '..', '.', '', 'a.', '%2e%2e', 'a%2fb', '\\', 'é', 'x y');
    const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
    await fc.assert(
      fc.asyncProperty(path, fc.constantFrom('', '..', 'X', '/'), path, async (prefix, glue, rest) => {
        const exchange = testExchange({ path: prefix + glue + rest });
        const reply = await answer(await buildHandler(stripPrefix, { prefixes: [prefix] }, answering(204)), exchange);
        if (reply.status !== 204) return;
        expect(isPlainPath(exchange.path)).toBe(true);
        // No parser of URLs sees another host or another path than the one that was judged.
        const seen = new URL(exchange.path, 'http://upstream.test');
        expect([seen.host, seen.pathname]).toEqual(['upstream.test', exchange.path]);
        const kept = exchange.path === '/' ? '' : exchange.path;
        const taken = exchange.originalPath;
        expect([prefix + kept, prefix + exchange.path, prefix + exchange.path.slice(1)]).toContain(taken);
      }),
    );
  });

  it('takes one more slash when forceSlash is on', async () => {
    const exchange = testExchange({ path: '/a//b' });
    const reply = await answer(
      await buildHandler(stripPrefix, { prefixes: ['/a'], forceSlash: true }, answering(204)),
      exchange,
    );
    expect([reply.status, exchange.path]).toEqual([204, '/b']);
  });

  it.each([{}, { prefixes: [] }, { prefixes: ['api'] }, { prefixes: ['/a'], prefix: '/a' }])(
    'refuses %j',
    (options) => {
      expect(stripPrefix.options.safeParse(options).success).toBe(false);
    },
  );
});
