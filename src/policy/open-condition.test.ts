import { describe, expect, test } from 'vitest';
import { jsonValue, requestOf } from '../../test/support/policy.ts';
import type { Value } from '../expression/index.ts';
import type { Condition, OpenFacts, Possibility } from './condition.ts';
import { Facts } from './facts.ts';
import { NONE, type OutcomeSet, only } from './outcome-set.ts';
import { anyValue, fixed } from './possible-value.ts';
import { compileRule } from './rule.ts';

function conditionOf(match: string, action: 'allow' | 'deny'): Condition {
  const compiled = compileRule({ match, action }, 0, (problem) => problem);
  if (!compiled.ok) throw new Error(compiled.diagnostics.map(({ message }) => message).join('; '));
  const [leaf] = compiled.rule.program.leaves.values();
  if (leaf === undefined) throw new Error('no condition');
  return leaf;
}

/** A possibility with the values it stands for, as far as they are tried; undefined for none. */
interface Choice {
  readonly possibility: Possibility;
  readonly values: readonly (Value | undefined)[];
}

const known = (value: Value, maybeAbsent = false): Choice => ({
  possibility: { value: fixed(value), maybeAbsent },
  values: maybeAbsent ? [value, undefined] : [value],
});
const anyOf: Value[] = [
  null,
  true,
  '',
  'a',
  'p',
  'q',
  'aq',
  'pq',
  'paq',
  'pa',
  '7',
  { text: '5' },
  [],
  ['a'],
  new Map(),
];
const openStart = ['', 'a', 'q', 'aq', 'pa', 'p', 'paq', '5', '9', '~'];
const openText = ['', 'a', 'q', 'aq', '~'].map((end) => `a${end}`);

/** What can be at the subject's path and at each path inside `${}`. */
const subjects: Choice[] = [
  known('pa'),
  known('paq'),
  known('a'),
  known(jsonValue(5)),
  known(['a', 'paq']),
  known(new Map()),
  known('pa', true),
  { possibility: { value: undefined, maybeAbsent: true }, values: [undefined] },
];
const choices: Choice[] = [
  { possibility: { value: undefined, maybeAbsent: true }, values: [undefined] },
  known('a'),
  known('a', true),
  known([]),
  known(jsonValue(5)),
  { possibility: { value: anyValue, maybeAbsent: false }, values: anyOf },
  { possibility: { value: anyValue, maybeAbsent: true }, values: [...anyOf, undefined] },
  { possibility: { value: { kind: 'text', pieces: ['a', undefined] }, maybeAbsent: false }, values: openText },
  // The beginning of a URI of which nothing is known.
  { possibility: { value: { kind: 'text', pieces: ['', undefined] }, maybeAbsent: false }, values: openStart },
];

function possible(condition: Condition, at: Readonly<Record<string, Possibility>>): OutcomeSet {
  const settled = Object.entries(at).flatMap(([path, { value }]) =>
    value?.kind === 'fixed' ? [[path.replace('jwt.', ''), value.value]] : [],
  );
  const open: OpenFacts = {
    facts: factsOf(Object.fromEntries(settled)),
    at: (path) => at[path.text] ?? { value: undefined, maybeAbsent: true },
    possible: (inner) => inner.possible(open),
  };
  return condition.possible(open);
}

function factsOf(claims: Readonly<Record<string, Value | undefined>>): Facts {
  const there = Object.entries(claims).flatMap(([name, value]): [string, Value][] =>
    value === undefined ? [] : [[name, value]],
  );
  return new Facts({ ...requestOf({}), jwt: new Map(there) });
}

describe('[PL-6.open-condition] what a condition can come to while what it reads is open', () => {
  test.each([
    "Equals('jwt.s', 'p${jwt.x}')",
    "Equals('jwt.s', 'p${jwt.x}q')",
    "Equals('jwt.s', '${jwt.x}q')",
    "Equals('jwt.s', '${jwt.x}')",
    "Contains('jwt.s', 'p${jwt.x}')",
    "Contains('jwt.s', '${jwt.x}')",
    "Prefix('jwt.s', 'p${jwt.x}')",
    "Prefix('jwt.s', '${jwt.x}')",
    "Suffix('jwt.s', '${jwt.x}q')",
    "OneOf('jwt.s', 'z', 'p${jwt.x}')",
    "OneOf('jwt.s', 'pa', '${jwt.x}')",
    "SplitContains('jwt.s', 'p', '${jwt.x}q')",
    "Lt('jwt.s', '${jwt.x}')",
    "Equals('jwt.s', 'pa')",
    "Exists('jwt.s')",
  ])('%s', (match) => {
    const wrong: unknown[] = [];
    for (const action of ['allow', 'deny'] as const) {
      const condition = conditionOf(match, action);
      for (const subject of subjects) {
        for (const { possibility, values } of choices) {
          let met = NONE;
          for (const s of subject.values) for (const x of values) met |= only(condition.evaluate(factsOf({ s, x })));
          const said = possible(condition, { 'jwt.s': subject.possibility, 'jwt.x': possibility });
          if (said !== met) wrong.push([action, subject.possibility, possibility, said, met]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each<[string, Choice]>([
    ['anything', choices[5] as Choice],
    ['anything or nothing', choices[6] as Choice],
    ['a text that begins so', choices[7] as Choice],
    ['any text', choices[8] as Choice],
  ])('conditions without an operand that is open, on %s', (_name, { possibility, values }) => {
    for (const match of [
      "Exists('jwt.s')",
      "Equals('jwt.s', 'aq')",
      "OneOf('jwt.s', 'a', 'z')",
      "Prefix('jwt.s', 'aq')",
    ]) {
      const condition = conditionOf(match, 'allow');
      const met = values.reduce<OutcomeSet>((set, s) => set | only(condition.evaluate(factsOf({ s }))), NONE);
      expect([match, possible(condition, { 'jwt.s': possibility })]).toEqual([match, met]);
    }
  });

  // Neighbours that are known are one known part; open ones keep their places.
  test.each([
    "Equals('jwt.s', 'p${jwt.x}${jwt.y}')",
    "Equals('jwt.s', '${jwt.y}${jwt.x}')",
    "Suffix('jwt.s', '${jwt.x}a${jwt.y}q')",
  ])('%s', (match) => {
    const condition = conditionOf(match, 'allow');
    const wrong: unknown[] = [];
    for (const subject of subjects) {
      for (const x of choices) {
        for (const y of choices) {
          let met = NONE;
          for (const s of subject.values)
            for (const a of x.values)
              for (const b of y.values) met |= only(condition.evaluate(factsOf({ s, x: a, y: b })));
          const at = { 'jwt.s': subject.possibility, 'jwt.x': x.possibility, 'jwt.y': y.possibility };
          const said = possible(condition, at);
          if (said !== met) wrong.push([at, said, met]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
