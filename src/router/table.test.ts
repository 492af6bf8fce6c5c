import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answering, testExchange } from '../../test/support/exchange.ts';
import type { Exchange, Handler } from '../http/exchange.ts';
import { checkPriority, effectivePriority, maxPriority } from './priority.ts';
import { type CompiledRule, compileRule } from './rule.ts';
import { orderRoutes, type Route, RouterTable } from './table.ts';

function rule(text: string): CompiledRule {
  const result = compileRule(text, (problem) => ({ ...problem }));
  if (!result.ok) throw new Error(`${text}: ${result.diagnostics[0]?.message}`);
  return result.rule;
}

function route(name: string, text: string, priority?: number): Route {
  return { name, rule: rule(text), priority, handler: Object.assign(answering(200), { routeName: name }) };
}

function nameOf(handler: Handler | undefined): string | undefined {
  return (handler as { routeName?: string } | undefined)?.routeName;
}

/** The definition of what the table answers, without any index. */
function scan(routes: readonly Route[], exchange: Exchange): string | undefined {
  return nameOf(orderRoutes(routes).find((candidate) => candidate.rule.test(exchange))?.handler);
}

describe('priorities', () => {
  it.each([
    ['Host(`a`)', undefined, 9],
    ['Host(`a`)', 0, 9],
    ['Host(`a`) ', 0, 10],
    ['Path(`/\u00e9`)', 0, 11],
    ['Host(`a`)', 42, 42],
    ['Host(`a`)', -1, -1],
  ] as const)('of %j with %s is %d', (text, given, effective) => {
    expect(effectivePriority(text, given)).toBe(effective);
  });

  it.each([
    [1, true],
    [-5, true],
    [maxPriority, true],
    // biome-ignore lint/correctness/noPrecisionLoss: what a YAML reader makes of the highest value that Traefik allows
    [9223372036854774807, true],
    // biome-ignore lint/correctness/noPrecisionLoss: what a YAML reader makes of Go's MaxInt64
    [9223372036854775807, false],
    [1.5, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ])('%d is allowed: %s', (priority, allowed) => {
    expect(checkPriority(priority) === undefined).toBe(allowed);
  });
});

describe('the table', () => {
  it.each([
    ['the longest rule', [route('short', 'PathPrefix(`/a`)'), route('long', 'PathPrefix(`/a/b`)')], 'long'],
    ['the explicit priority', [route('short', 'PathPrefix(`/a`)', 100), route('long', 'PathPrefix(`/a/b`)')], 'short'],
    [
      'anything before a negative priority',
      [route('minus', 'PathPrefix(`/a/b`)', -1), route('plus', 'Path(`/a/b/c`) && Method(`GET`)', 1)],
      'plus',
    ],
    ['a negative priority when it is alone', [route('minus', 'PathPrefix(`/a/b`)', -1)], 'minus'],
    [
      'the first name of a tie',
      [route('b', 'PathPrefix(`/a`)'), route('a', 'PathPrefix(`/a`)'), route('c', 'PathPrefix(`/a`)')],
      'a',
    ],
    ['nobody when nothing matches', [route('other', 'Host(`other.test`)')], undefined],
    [
      'a route for every host before a shorter one for this host',
      [route('host', 'Host(`a.test`)'), route('path', 'PathPrefix(`/a/b/c`) && Method(`GET`)')],
      'path',
    ],
  ])('[DP-2.priority] picks %s', (_title, routes, winner) => {
    const exchange = testExchange({ origin: 'http://a.test', path: '/a/b/c' });
    expect(nameOf(new RouterTable(routes).match(exchange))).toBe(winner);
    expect(nameOf(new RouterTable(routes.toReversed()).match(exchange))).toBe(winner);
  });

  it('[DP-2.priority] answers as a scan of all routes by precedence does', () => {
    const host = fc.constantFrom('a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'test', 'a.test.');
    const path = fc.constantFrom('/', '/a', '/a/b', '/ab', '/a%20b', '/b');
    const call = fc.oneof(
      host.map((text) => `Host(\`${text}\`)`),
      fc.constantFrom('Host(`*.a.test`)', 'Host(`*.test`)', 'Host(`*`)', 'HostRegexp(`^a`)', 'Method(`POST`)'),
      path.map((text) => `Path(\`${text}\`)`),
      path.map((text) => `PathPrefix(\`${text}\`)`),
      fc.constantFrom('PathRegexp(`b$`)', 'Header(`X-A`, `1`)', 'Query(`q`)'),
    );
    const text = fc.letrec<{ rule: string }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
        call,
        tie('rule').map((inner) => `!(${inner})`),
        fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a} && ${b})`),
        fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a} || ${b})`),
      ),
    })).rule;
    const routes = fc
      .array(fc.tuple(text, fc.constantFrom(undefined, 0, 1, -1, 20)), { maxLength: 12 })
      .map((list) => list.map(([written, priority], index) => route(`r${index}`, written, priority)));
    const request = fc.record({
      host,
      path,
      method: fc.constantFrom('GET', 'POST'),
      header: fc.boolean(),
      query: fc.constantFrom('', '?q'),
    });
    return fc.assert(
      fc.property(routes, fc.array(request, { minLength: 1, maxLength: 8 }), (list, requests) => {
        const table = new RouterTable(list);
        for (const { host: name, header, ...rest } of requests) {
          const exchange = testExchange({ ...rest, origin: `http://${name}`, headers: header ? { 'X-A': '1' } : {} });
          expect(nameOf(table.match(exchange))).toBe(scan(list, exchange));
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      'a host each',
      (index: number) => `Host(\`s${index}.example.com\`) && PathPrefix(\`/mcp\`)`,
      's1000.example.com',
      '/mcp/x',
    ],
    [
      'a prefix each',
      (index: number) => `Host(\`mcp.example.com\`) && PathPrefix(\`/s${index}/\`)`,
      'mcp.example.com',
      '/s1000/mcp',
    ],
  ])(
    '[DP-2.priority] finds one of 2,000 routes with %s without asking more than a few rules',
    (_title, text, host, path) => {
      let asked = 0;
      const routes = Array.from({ length: 2_000 }, (_, index) => {
        const counted = route(`r${index}`, text(index));
        const { test } = counted.rule;
        const asking = (exchange: Exchange): boolean => {
          asked += 1;
          return test(exchange);
        };
        return { ...counted, rule: { ...counted.rule, test: asking } };
      });
      const table = new RouterTable(routes);
      expect(nameOf(table.match(testExchange({ origin: `http://${host}`, path })))).toBe('r1000');
      expect(asked).toBeLessThan(5);
    },
  );
});
