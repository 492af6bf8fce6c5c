import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { number, objectOf, type Plain, policySetOf, requestOf } from '../../test/support/policy.ts';
import type { ObjectValue } from '../expression/index.ts';
import type { PolicyRequest } from './facts.ts';
import type { PolicyConfig, PolicySet } from './policy-set.ts';
import { type ItemKind, itemShapes } from './visibility.ts';

/**
 * The laws of section 6, for random policies over a small vocabulary: every value that some condition could be about is in
 * one pool, and calls are searched over the whole pool, so that conditions are solved and not merely guessed at.
 */
const texts = ['a', 'b', 'ab', 'p-a', '5', 'a,b'];
const pool: readonly (Plain | undefined)[] = [
  undefined,
  null,
  true,
  '',
  'a',
  'b',
  'ab',
  'ba',
  'p-',
  'p-a',
  'p-ab',
  'xp-ax',
  '5',
  '4',
  5,
  number('5.0'),
  number('1e9999'),
  number('-1e9999'),
  'a,b',
  'b,p-a',
  'zz',
  'db://a/',
  'db://a/x',
  'db://a/b',
  number('4.5'),
  '1e9999',
  '-1e9999',
  'p-5',
  'p-1e9',
  [number('4.5')],
  ['ab', 'tools/call'],
  ['db://a/', 'db://', 'db://b/', 'true', 'POST', '2.0', 'resources/read'],
  '4.5',
  'db://b/',
  'db://',
  'tools/call',
  'prompts/get',
  'resources/read',
  'POST',
  '2.0',
  'true',
  'db://a/bx',
  'b/x',
  'x',
  '/x',
  [],
  ['a'],
  ['b', 5, 'p-a'],
  [''],
  [true],
  {},
  { a: 'a' },
];

const freePaths = [
  'mcp.params.arguments.x',
  'mcp.params.arguments.y',
  'mcp.params._meta.k',
  'mcp.params.other',
  'mcp.id',
];
const fixedPaths = [
  'jwt.g',
  'jwt.n',
  'jwt.none',
  'http.headers.h',
  'client.ip',
  'mcp.protocolVersion',
  'mcp.jsonrpc',
  'http.method',
  'mcp.params',
];

const claims: { [name: string]: Plain } = { g: ['a', 'p-a'], n: number('5'), s: 'ab', e: '', o: {} };
const scene = { jwt: claims, headers: { h: 'a' }, ip: 'a', protocolVersion: 'b' };

interface Item {
  readonly kind: ItemKind;
  readonly item: ObjectValue;
  readonly plain: { readonly [key: string]: Plain };
}

function itemOf(kind: ItemKind, name: string, annotations?: { [hint: string]: Plain }): Item {
  const plain = { [itemShapes[kind].member]: name, ...(annotations === undefined ? {} : { annotations }) };
  return { kind, plain, item: objectOf(plain) };
}

const items: readonly Item[] = [
  itemOf('tools', 'a', { r: true }),
  itemOf('tools', 'ab'),
  itemOf('prompts', 'a'),
  itemOf('resources', 'db://a/b'),
  itemOf('resourceTemplates', 'db://a/{x}'),
  itemOf('resourceTemplates', 'db://a/b'),
  itemOf('resourceTemplates', '{+x}'),
];

/** Generates one condition. `free` gives out the paths that the caller chooses. */
function conditions(free: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const itemPath = fc.constantFrom('mcp.params.name', 'mcp.params.uri', 'tool.annotations.r', 'mcp.method');
  const path = fc.oneof(
    { weight: 4, arbitrary: free },
    { weight: 2, arbitrary: itemPath },
    { weight: 2, arbitrary: fc.constantFrom(...fixedPaths, 'jwt.s') },
  );
  const quoted = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        ...texts,
        '',
        'tools/call',
        'resources/read',
        'db://a/',
        'db://',
        'db://b/',
        'true',
        'POST',
        '2.0',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '${jwt.g}',
        '${jwt.n}',
        '${jwt.s}',
        '${jwt.e}',
        '${jwt.o}',
        '${jwt.none}',
        'p-${jwt.s}',
        '${mcp.params.name}',
      ),
    },
    { weight: 1, arbitrary: free.map((each) => `\${${each}}`) },
    { weight: 1, arbitrary: free.map((each) => `p-\${${each}}`) },
    { weight: 1, arbitrary: fc.constantFrom('${mcp.params.uri}', '${mcp.params.uri}x') },
  );
  const value = fc.oneof(
    { weight: 6, arbitrary: quoted.map((text) => `'${text}'`) },
    { weight: 1, arbitrary: fc.constantFrom('5', '4.5') },
  );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('Equals', 'Contains', 'Prefix', 'Suffix', 'OneOf'), path, value)
        .map(([name, at, v]) => `${name}('${at}', ${v})`),
    },
    { weight: 1, arbitrary: fc.tuple(path, value, value).map(([at, v, w]) => `OneOf('${at}', ${v}, ${w})`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('Lt', 'Lte', 'Gt', 'Gte'), path, value)
        .map(([name, at, v]) => `${name}('${at}', ${v})`),
    },
    { weight: 1, arbitrary: fc.tuple(path, value).map(([at, v]) => `SplitContains('${at}', ',', ${v})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(path, fc.constantFrom('a', '^a$', '^db://a/', '^db://b', 'x$'))
        .map(([at, re]) => `Matches('${at}', '${re}')`),
    },
    { weight: 1, arbitrary: path.map((at) => `Exists('${at}')`) },
  );
}

function matches(condition: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ match: string }>((tie) => ({
    match: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      condition,
      tie('match').map((inner) => `!(${inner})`),
      fc.tuple(tie('match'), tie('match')).map(([a, b]) => `(${a}) && (${b})`),
      fc.tuple(tie('match'), tie('match')).map(([a, b]) => `(${a}) || (${b})`),
    ),
  })).match;
}

function policies(condition: fc.Arbitrary<string>): fc.Arbitrary<PolicyConfig> {
  return fc.record({
    policies: fc.array(
      fc.record({ match: matches(condition), action: fc.constantFrom('allow' as const, 'deny' as const) }),
      { minLength: 1, maxLength: 4 },
    ),
    defaultAction: fc.constantFrom('allow' as const, 'deny' as const),
  });
}

/** The paths among `freePaths` that the policies mention. */
function mentioned(config: PolicyConfig): string[] {
  const text = (config.policies ?? []).map(({ match }) => match).join(' ');
  return freePaths.filter((path) => text.includes(path));
}

/** A call of the item by the same caller, with the given values at free paths. */
function callOf({ kind, plain }: Item, uri: string, chosen: ReadonlyMap<string, Plain | undefined>): PolicyRequest {
  const { callMethod, member, parameter } = itemShapes[kind];
  const at = (path: string): { [key: string]: Plain } => {
    const value = chosen.get(path);
    return value === undefined ? {} : { [path.slice(path.lastIndexOf('.') + 1)]: value };
  };
  const inArguments = { ...at('mcp.params.arguments.x'), ...at('mcp.params.arguments.y') };
  const inMeta = at('mcp.params._meta.k');
  return requestOf({
    ...scene,
    mcp: {
      jsonrpc: '2.0',
      method: callMethod,
      ...at('mcp.id'),
      params: {
        ...(Object.keys(inArguments).length > 0 ? { arguments: inArguments } : {}),
        ...(Object.keys(inMeta).length > 0 ? { _meta: inMeta } : {}),
        ...at('mcp.params.other'),
        ...(parameter === 'uri' && chosen.has('mcp.params.name') ? at('mcp.params.name') : {}),
        ...(parameter === 'name' && chosen.has('mcp.params.uri') ? at('mcp.params.uri') : {}),
        [parameter]: kind === 'resourceTemplates' ? uri : (plain[member] ?? ''),
      },
    },
    annotations:
      kind === 'tools' && plain['annotations'] !== undefined
        ? { [String(plain[member])]: plain['annotations'] as { [hint: string]: Plain } }
        : {},
  });
}

/** URIs of the item: all that begin like the template with an ending from the pool. */
function urisOf({ kind, plain }: Item): readonly string[] {
  const template = String(plain['uriTemplate'] ?? '');
  const start = template.indexOf('{');
  if (kind !== 'resourceTemplates' || start < 0) return [template];
  return pool
    .filter((value) => typeof value === 'string')
    .flatMap((ending) => [template.slice(0, start) + ending, `${template.slice(0, start)},${ending}`]);
}

/** Every choice of values for the paths, or `limit` of them evenly spread. */
function* choices(paths: readonly string[], limit: number): Generator<ReadonlyMap<string, Plain | undefined>> {
  const total = pool.length ** paths.length;
  const step = Math.max(1, Math.floor(total / limit));
  for (let code = 0; code < total; code += step) {
    let rest = code;
    const chosen = new Map<string, Plain | undefined>();
    for (const path of paths) {
      chosen.set(path, pool[rest % pool.length]);
      rest = Math.floor(rest / pool.length);
    }
    yield chosen;
  }
}

function findAllowed(set: PolicySet, config: PolicyConfig, item: Item, limit: number): PolicyRequest | undefined {
  const text = (config.policies ?? []).map(({ match }) => match).join(' ');
  const other = itemShapes[item.kind].parameter === 'name' ? 'mcp.params.uri' : 'mcp.params.name';
  const paths = [...mentioned(config), ...(text.includes(other) ? [other] : [])];
  for (const uri of urisOf(item)) {
    for (const chosen of choices(paths, limit)) {
      const call = callOf(item, uri, chosen);
      if (set.decide(call).allowed) return call;
    }
  }
  return undefined;
}

const listRequest = requestOf({ ...scene, mcp: { jsonrpc: '2.0', id: 9, method: 'tools/list' } });

describe('[PL-6.law] visibility and decisions agree', () => {
  test('hidden ⇒ no call of it is allowed', () => {
    const condition = conditions(fc.constantFrom(...freePaths));
    fc.assert(
      fc.property(policies(condition), fc.constantFrom(...items), (config, item) => {
        const set = policySetOf(config);
        if (set.visible(item.kind, item.item, listRequest)) return;
        expect(findAllowed(set, config, item, 200)?.mcp).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  test('[PL-6.capabilities-law] a method that is of no use ⇒ no message of it is allowed, and its list is empty', () => {
    const condition = conditions(fc.constantFrom(...freePaths));
    // The handshake says other things than a later call does: another version, other headers.
    const handshake = requestOf({
      ...scene,
      headers: {},
      protocolVersion: 'x',
      mcp: { jsonrpc: '2.0', method: 'initialize' },
    });
    let useless = 0;
    const actions = fc.constantFrom('show' as const, 'hide' as const);
    const listing = fc.record({
      listPolicies: fc.array(fc.record({ match: matches(condition), action: actions }), { maxLength: 2 }),
      listDefaultAction: fc.constantFrom('show' as const, 'hide' as const, 'callable' as const),
    });
    fc.assert(
      fc.property(policies(condition), listing, fc.constantFrom(...items), (rules, lists, item) => {
        const set = policySetOf({ ...rules, ...lists });
        const { callMethod, listMethod } = itemShapes[item.kind];
        const view = set.viewOf(handshake);
        const asList = requestOf({ ...scene, mcp: { jsonrpc: '2.0', id: 9, method: listMethod } });
        if (!view.usable(callMethod)) {
          useless += 1;
          expect(findAllowed(set, rules, item, 200)?.mcp).toBeUndefined();
        }
        if (!view.usable(listMethod)) expect(set.decide(asList).allowed).toBe(false);
        if (!view.listable(item.kind) && set.decide(asList).allowed)
          expect(set.visible(item.kind, item.item, asList)).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(useless).toBeGreaterThan(20);
  });

  test('shown ⇒ some call is allowed, when no two conditions are about the same free value', () => {
    // Each free path is in one condition only, and each name but the item's own is free too.
    const each = freePaths.slice(0, 2).map((path) => conditions(fc.constant(path)));
    const config = fc
      .record({
        first: matches(each[0] as fc.Arbitrary<string>),
        second: matches(each[1] as fc.Arbitrary<string>),
        a: fc.boolean(),
        b: fc.boolean(),
        allow: fc.boolean(),
      })
      .map(
        ({ first, second, a, b, allow }): PolicyConfig => ({
          policies: [
            { match: first, action: a ? 'allow' : 'deny' },
            { match: second, action: b ? 'allow' : 'deny' },
          ],
          defaultAction: allow ? 'allow' : 'deny',
        }),
      );
    const once = (config: PolicyConfig) => {
      const text = (config.policies ?? []).map(({ match }) => match).join(' ');
      const count = (path: string) => text.split(path).length - 1;
      const counts = [...freePaths, 'mcp.params.uri', 'mcp.params.name'].map(count);
      return Math.max(...counts) <= 1 && counts.reduce((sum, each) => sum + each, 0) <= 2;
    };
    let shown = 0;
    fc.assert(
      fc.property(config.filter(once), fc.constantFrom(...items), (config, item) => {
        const set = policySetOf(config);
        if (!set.visible(item.kind, item.item, listRequest)) return;
        shown += 1;
        expect(findAllowed(set, config, item, Number.POSITIVE_INFINITY)).toBeDefined();
      }),
      { numRuns: 1_500 },
    );
    expect(shown).toBeGreaterThan(100);
  });
});

describe('[PL-4.law] laws of the walk', () => {
  const condition = conditions(fc.constantFrom(...freePaths));
  const chosen = fc
    .array(fc.nat({ max: pool.length - 1 }), { minLength: 7, maxLength: 7 })
    .map(
      (picks) =>
        new Map(
          [...freePaths, 'mcp.params.name', 'mcp.params.uri'].map((path, index) => [path, pool[picks[index] ?? 0]]),
        ),
    );

  test('appending an allow at the end never turns an allow into a deny', () => {
    fc.assert(
      fc.property(
        policies(condition),
        matches(condition),
        fc.constantFrom(...items),
        chosen,
        (config, match, item, values) => {
          const call = callOf(item, 'db://a/x', values);
          const longer = { ...config, policies: [...(config.policies ?? []), { match, action: 'allow' as const }] };
          if (policySetOf(config).decide(call).allowed) expect(policySetOf(longer).decide(call).allowed).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('appending a deny at the end never turns a deny into an allow', () => {
    fc.assert(
      fc.property(
        policies(condition),
        matches(condition),
        fc.constantFrom(...items),
        chosen,
        (config, match, item, values) => {
          const call = callOf(item, 'db://a/x', values);
          const longer = { ...config, policies: [...(config.policies ?? []), { match, action: 'deny' as const }] };
          if (!policySetOf(config).decide(call).allowed) expect(policySetOf(longer).decide(call).allowed).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('the index finds what trying every rule finds', () => {
    fc.assert(
      fc.property(policies(condition), fc.constantFrom(...items), chosen, (config, item, values) => {
        const set = policySetOf(config);
        const { decision, views } = set.trace(callOf(item, 'db://a/x', values));
        const first = views[0]?.rules.find(({ applies }) => applies)?.rule;
        expect(decision.rule).toBe(first?.index);
        expect(decision.outcome).toBe(first?.action ?? config.defaultAction);
      }),
      { numRuns: 1_000 },
    );
  });
});
