import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonValue, type Plain, policySetOf, requestOf } from '../../test/support/policy.ts';
import type { Demand } from './demand.ts';
import { RuleIndex } from './rule-index.ts';

/** What a single rule demands, as plain lists. */
function demandOf(match: string): { [field: string]: string[] } {
  const [rule] = policySetOf({ policies: [{ match, action: 'allow' }] }).rules;
  return Object.fromEntries(Object.entries(rule?.demand ?? {}).map(([field, texts]) => [field, [...texts].sort()]));
}

describe('what a rule demands', () => {
  const method = (text: string) => `Equals('mcp.method', '${text}')`;
  const name = (text: string) => `Equals('mcp.params.name', '${text}')`;
  const uri = (text: string) => `Equals('mcp.params.uri', '${text}')`;

  test.each<[string, { [field: string]: string[] }]>([
    [method('a'), { method: ['a'] }],
    [name('a'), { name: ['a'] }],
    [uri('a'), { uri: ['a'] }],
    ["OneOf('mcp.method', 'a', 'b')", { method: ['a', 'b'] }],
    [`${method('a')} && ${name('b')} && ${uri('c')}`, { method: ['a'], name: ['b'], uri: ['c'] }],
    [`${method('a')} && Exists('jwt.x')`, { method: ['a'] }],
    [`Exists('jwt.x') && ${method('a')}`, { method: ['a'] }],
    [`${method('a')} && OneOf('mcp.method', 'a', 'b')`, { method: ['a'] }],
    [`${method('a')} && ${method('b')}`, { method: [] }],
    [`${method('a')} || ${method('b')}`, { method: ['a', 'b'] }],
    [`${method('a')} || ${name('b')}`, {}],
    [`${method('a')} || Exists('jwt.x')`, {}],
    [`(${method('a')} && ${name('b')}) || (${method('a')} && ${name('c')})`, { method: ['a'], name: ['b', 'c'] }],
    [`(${method('a')} && ${name('b')}) || ${method('c')}`, { method: ['a', 'c'] }],
    [`!${method('a')}`, {}],
    [`!!${method('a')}`, {}],
    [`!(${method('a')} || ${name('b')})`, {}],
    ["Equals('mcp.params.name', 5)", {}],
    ["OneOf('mcp.params.name', 'a', 5)", {}],
    ["Equals('mcp.params.name', '${jwt.x}')", {}],
    ["Equals('mcp.params.name', 'x${jwt.x}')", {}],
    ["Prefix('mcp.method', 'a')", {}],
    ["Contains('mcp.params.name', 'a')", {}],
    ["Equals('mcp.params.name.x', 'a')", {}],
    ["Equals('mcp.params.arguments.name', 'a')", {}],
    ["Equals('jwt.name', 'a')", {}],
  ])('%s', (match, demand) => {
    expect(demandOf(match)).toEqual(demand);
  });
});

describe('the index', () => {
  interface Numbered {
    readonly position: number;
    readonly demand: Demand;
  }

  const texts = fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }), { nil: undefined });
  const rules = fc.array(fc.record({ method: texts, name: texts, uri: texts }), { maxLength: 8 }).map((demands) =>
    demands.map(
      (demand, position): Numbered => ({
        position,
        demand: Object.fromEntries(
          Object.entries(demand).flatMap(([field, list]) => (list === undefined ? [] : [[field, new Set(list)]])),
        ),
      }),
    ),
  );
  const field = fc.constantFrom<Plain | undefined>('a', 'b', 'z', undefined, 5, ['a'], null);

  test('leaves out only rules that cannot apply, and keeps the order', () => {
    fc.assert(
      fc.property(rules, field, field, field, (list, method, name, uri) => {
        const index = new RuleIndex(list);
        const values = { method, name, uri };
        const [m, n, u] = [method, name, uri].map((plain) => (plain === undefined ? undefined : jsonValue(plain)));
        const found = index.candidates(m, n, u);
        const positions = found.map(({ position }) => position);
        expect(positions).toEqual([...positions].sort((a, b) => a - b));
        // A rule can apply unless a field it demands is absent or another text.
        const canApply = ({ demand }: Numbered) =>
          (['method', 'name', 'uri'] as const).every((key) => {
            const wanted = demand[key];
            const value = values[key];
            if (wanted === undefined) return true;
            return value !== undefined && (typeof value !== 'string' || wanted.has(value));
          });
        for (const rule of list.filter(canApply)) expect(found).toContain(rule);
      }),
      { numRuns: 1_000 },
    );
  });

  test('for the use of an item, the other field is open', () => {
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom('a', 'z'),
        fc.constantFrom('name', 'uri'),
        fc.constantFrom('a', 'z'),
        (list, method, key, text) => {
          const index = new RuleIndex(list);
          const fits =
            (field: 'method' | 'name' | 'uri', value: string) =>
            ({ demand }: Numbered) =>
              demand[field]?.has(value) !== false;
          for (const rule of list.filter(fits('method', method))) {
            expect(index.forUse(method)).toContain(rule);
            if (fits(key, text)(rule)) expect(index.forUse(method, key, text)).toContain(rule);
          }
          const positions = index.forUse(method, key, text).map(({ position }) => position);
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('does leave out the others', () => {
    const rule = (position: number, method?: string, name?: string, uri?: string): Numbered => ({
      position,
      demand: {
        ...(method === undefined ? {} : { method: new Set([method]) }),
        ...(name === undefined ? {} : { name: new Set([name]) }),
        ...(uri === undefined ? {} : { uri: new Set([uri]) }),
      },
    });
    const index = new RuleIndex([
      rule(0, 'call', 'a'),
      rule(1, 'call', 'b'),
      rule(2),
      rule(3, 'call'),
      rule(4, 'read', undefined, 'x'),
      rule(5, 'read', undefined, 'y'),
      rule(6, 'read', 'a', 'x'),
      rule(7, undefined, 'a'),
    ]);
    const found = (method?: string, name?: string, uri?: string) =>
      index.candidates(method, name, uri).map(({ position }) => position);
    expect(found('call', 'a')).toEqual([0, 2, 3, 7]);
    expect(found('call', 'b')).toEqual([1, 2, 3]);
    expect(found('call', 'z')).toEqual([2, 3]);
    expect(found('call')).toEqual([2, 3]);
    expect(found('read', undefined, 'x')).toEqual([2, 4, 6, 7]);
    expect(found('read', undefined, 'z')).toEqual([2, 7]);
    expect(found('read')).toEqual([2, 7]);
    expect(found('list')).toEqual([2]);
    expect(found('list', 'a')).toEqual([2, 7]);
    expect(found()).toEqual([2]);
    expect([new RuleIndex([]).isEmpty, index.isEmpty]).toEqual([true, false]);
    expect(index.candidates(['call'], undefined, undefined)).toHaveLength(8);
    expect(index.candidates('call', ['a'], undefined).map(({ position }) => position)).toEqual([0, 1, 2, 3, 7]);
    expect(index.forUse('call', 'name', 'a').map(({ position }) => position)).toEqual([0, 2, 3, 7]);
    expect(index.forUse('call', 'name', 'z').map(({ position }) => position)).toEqual([2, 3]);
    expect(index.forUse('call').map(({ position }) => position)).toEqual([0, 1, 2, 3, 7]);
    expect(index.forUse('read', 'name', 'z').map(({ position }) => position)).toEqual([2, 4, 5, 6, 7]);
    expect(index.forUse('read', 'uri', 'y').map(({ position }) => position)).toEqual([2, 5, 7]);
  });
});

describe('[PL-3.linear] cost', () => {
  const named = (n: number) =>
    `Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 't${n}') && Lte('mcp.params.arguments.amount', '\${jwt.limit}')`;
  const call = (name: string, args: { [key: string]: Plain }, jwt: { [key: string]: Plain } = { limit: 5 }) =>
    requestOf({ mcp: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }, jwt });

  /** Milliseconds for a number of decisions, the best of several rounds: other work on the machine only adds. */
  function timeOf(count: number, decide: () => unknown): number {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 7; round += 1) {
      const started = performance.now();
      for (let n = 0; n < count; n += 1) decide();
      best = Math.min(best, performance.now() - started);
    }
    return best;
  }

  test('1,000 rules cost about what 10 cost', () => {
    const policies = (count: number) =>
      policySetOf({
        policies: Array.from({ length: count }, (_, n) => ({ match: named(n), action: 'allow' as const })),
      });
    const [few, many] = [policies(10), policies(1_000)];
    const request = call('t7', { amount: 4 });
    expect([few.decide(request).rule, many.decide(request).rule]).toEqual([7, 7]);
    const base = timeOf(20_000, () => few.decide(request));
    expect(timeOf(20_000, () => many.decide(request)) / base).toBeLessThan(3);
  });

  test.each<[string, string, (size: number) => { args: { [key: string]: Plain }; jwt?: { [key: string]: Plain } }]>([
    [
      'a needle chosen with the text',
      "Contains('mcp.params.arguments.a', '${mcp.params.arguments.b}')",
      (size) => ({ args: { a: 'a'.repeat(size), b: `b${'a'.repeat(size / 2)}` } }),
    ],
    [
      'two lists',
      "OneOf('mcp.params.arguments.a', '${jwt.b}')",
      (size) => ({
        args: { a: Array.from({ length: size / 10 }, (_, n) => `a${n}`) },
        jwt: { b: Array.from({ length: size / 10 }, (_, n) => `b${n}`) },
      }),
    ],
    [
      'a long separator',
      "SplitContains('mcp.params.arguments.a', '${mcp.params.arguments.b}', 'x')",
      (size) => ({ args: { a: 'a'.repeat(size), b: `${'a'.repeat(size / 2)}b` } }),
    ],
    ['many parts', "SplitContains('mcp.params.arguments.a', ',', 'x')", (size) => ({ args: { a: ','.repeat(size) } })],
    [
      'long numbers',
      "Lt('mcp.params.arguments.a', '${mcp.params.arguments.b}')",
      (size) => ({ args: { a: '9'.repeat(size), b: `${'9'.repeat(size - 1)}8` } }),
    ],
    ['almost a number', "Lt('mcp.params.arguments.a', '5')", (size) => ({ args: { a: `${'9'.repeat(size)}x` } })],
    [
      'a pattern that would backtrack',
      "Matches('mcp.params.arguments.a', '^(a+)+$')",
      (size) => ({ args: { a: `${'a'.repeat(size / 20)}b` } }),
    ],
    [
      'a path through many keys',
      "Equals('mcp.params.arguments.a.k1.k2', 'x')",
      (size) => ({
        args: { a: Object.fromEntries(Array.from({ length: size / 100 }, (_, n) => [`k${n}`, { k2: 'y' }])) },
      }),
    ],
  ])('%s', (_, match, make) => {
    const set = policySetOf({ policies: [{ match, action: 'allow' }] });
    const [small, large] = [20_000, 200_000].map((size) => {
      const { args, jwt } = make(size);
      const request = call('t', args, jwt ?? {});
      return timeOf(1, () => set.decide(request));
    }) as [number, number];
    // Ten times the size: ten times the time, with room for noise; the square would be a hundred times.
    expect(large).toBeLessThan(small * 40 + 5);
  });

  test('time is linear in the number of conditions', () => {
    const of = (count: number) =>
      policySetOf({
        policies: [
          {
            match: Array.from({ length: count }, (_, n) => `Equals('mcp.params.arguments.a', '${n}')`).join(' || '),
            action: 'allow',
          },
        ],
      });
    const request = call('t', { a: 'x' });
    const [few, many] = [of(20), of(200)];
    expect(timeOf(200, () => many.decide(request))).toBeLessThan(timeOf(200, () => few.decide(request)) * 40 + 5);
  });
});
