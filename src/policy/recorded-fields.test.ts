import { describe, expect, test } from 'vitest';
import {
  jsonValue,
  type Plain,
  policySetOf,
  type RequestSketch,
  requestOf,
  toldBy,
} from '../../test/support/policy.ts';
import type { Path } from './path.ts';
import { compileFieldReader, policyPaths } from './recorded-fields.ts';

const setOf = (...matches: readonly string[]) =>
  policySetOf({ policies: matches.map((match) => ({ match, action: 'allow' as const })) });

const everything = setOf(
  "Equals('mcp.method', 'tools/call') && OneOf('mcp.params.name', 'a', '${jwt.tools}')",
  "Equals('mcp.protocolVersion', '2025-11-25') && Prefix('mcp.params.uri', 'file:///${jwt.tenant}/${jwt.sub}')",
  "Gt('mcp.params.arguments.n', '5') || Equals('jwt.tenant', 'x') || !Exists('http.headers.x-team')",
);

test('the paths of a policy set are those of all its conditions and of what is brought into them, each once', () => {
  expect(policyPaths(everything).map(({ text }) => text)).toEqual([
    'http.headers.x-team',
    'jwt.sub',
    'jwt.tenant',
    'jwt.tools',
    'mcp.method',
    'mcp.params.arguments.n',
    'mcp.params.name',
    'mcp.params.uri',
    'mcp.protocolVersion',
  ]);
});

describe('[PL-8.replay-fields] what is recorded of a message', () => {
  const sketch: RequestSketch = {
    mcp: { method: 'tools/call', params: { name: 'a', uri: 'file:///x', arguments: { n: 7 } } },
    jwt: { tenant: 'x', tools: ['a'], unread: 'z' },
    protocolVersion: '2025-11-25',
  };
  const recorded = (withhold: (path: Path) => boolean, given = sketch, sets = [everything]) => {
    const fields = compileFieldReader(sets, withhold)(requestOf(given));
    const told = toldBy(fields);
    expect(fields.claimsOnly).toBe(told.values.every(([path]) => path.startsWith('jwt.')));
    return told;
  };
  const none = () => false;

  test('is what the policies read and the record of a decision does not hold anyway', () => {
    expect(recorded(none)).toEqual({
      values: [
        ['jwt.tenant', 'x'],
        ['jwt.tools', ['a']],
        ['mcp.params.arguments.n', jsonValue(7)],
      ],
      absent: ['http.headers.x-team', 'jwt.sub'],
      withheld: [],
    });
  });

  test('is no value that is kept back, but the word that it was there', () => {
    expect(recorded(({ text }) => text !== 'jwt.tenant')).toEqual({
      values: [['jwt.tenant', 'x']],
      absent: ['http.headers.x-team', 'jwt.sub'],
      withheld: ['jwt.tools', 'mcp.params.arguments.n'],
    });
  });

  test('is each field once, whichever set reads it', () => {
    const sets = [setOf("Equals('jwt.tenant', 'x')"), setOf("Equals('jwt.tenant', 'y') || Exists('jwt.sub')")];
    expect(recorded(none, sketch, sets)).toEqual({ values: [['jwt.tenant', 'x']], absent: ['jwt.sub'], withheld: [] });
    expect(recorded(none, sketch, [])).toEqual({ values: [], absent: [], withheld: [] });
  });

  test.each<[string, Plain | undefined, readonly string[], readonly (readonly [string, Plain])[]]>([
    ['tools/call', 'a', [], []],
    ['tools/call', undefined, [], []],
    ['tools/call', ['a'], [], [['mcp.params.name', ['a']]]],
    ['tasks/get', 'a', ['mcp.params.uri'], [['mcp.params.name', 'a']]],
    ['tasks/get', undefined, ['mcp.params.name', 'mcp.params.uri'], []],
    ['completion/complete', 'a', ['mcp.params.uri'], [['mcp.params.name', 'a']]],
    ['subscriptions/listen', undefined, ['mcp.params.name', 'mcp.params.uri'], []],
    ['tasksget', 'a', [], []],
  ])(
    'of %s with the name %j: it too, unless that stands in the record of the decision',
    (method, name, absent, values) => {
      const params = name === undefined ? {} : { name };
      const sets = [setOf("Equals('mcp.params.name', 'a') || Exists('mcp.params.uri')")];
      expect(recorded(none, { mcp: { method, params } }, sets)).toEqual({
        values: values.map(([path, value]) => [path, jsonValue(value)]),
        absent,
        withheld: [],
      });
    },
  );

  test.each<[string, Plain, readonly (readonly [string, Plain])[]]>([
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'p' } },
      [['mcp.params.ref', { type: 'ref/prompt', name: 'p' }]],
    ],
    ['completion/complete', { notifications: { a: true } }, []],
    ['completion/complete', 'ref', []],
    ['subscriptions/listen', { notifications: { a: true }, ref: 'x' }, [['mcp.params.notifications', { a: true }]]],
    ['subscriptions/listen', {}, []],
    ['subscriptions/listen', ['notifications'], []],
    ['tools/call', { ref: 'x', notifications: 'y', undefined: 'z' }, []],
  ])('of %s with %j: what it concerns', (method, params, expected) => {
    const { values } = recorded(none, { mcp: { method, params } }, []);
    expect(values).toEqual(expected.map(([path, value]) => [path, jsonValue(value)]));
  });

  test.each<[string, string]>([
    ['completion/complete', 'ref'],
    ['subscriptions/listen', 'notifications'],
  ])('of %s: what it concerns, once, if policies read that too', (method, parameter) => {
    const path = `mcp.params.${parameter}`;
    const { values } = recorded(none, { mcp: { method, params: { [parameter]: 'x' } } }, [setOf(`Exists('${path}')`)]);
    expect(values).toEqual([[path, 'x']]);
  });
});
