import { describe, expect, test } from 'vitest';
import { jsonValue, number } from '../../test/support/policy.ts';
import { conjoin, disjoin, negate, type Outcome } from '../expression/index.ts';
import { andSets, membersOf, negateSet, only, orSets } from './outcome-set.ts';
import {
  anyValue,
  canBeEmpty,
  canBeEqual,
  canBeWithin,
  canEnd,
  canStart,
  fixed,
  knownEnd,
  knownStart,
  type PossibleValue,
} from './possible-value.ts';
import { canBeNumeric, type TextPieces } from './text-pieces.ts';

/** A text with open pieces, written with `*` for each. */
function pieces(pattern: string): TextPieces {
  return pattern.split(/(\*)/).flatMap((piece) => (piece === '' ? [] : [piece === '*' ? undefined : piece]));
}

const open = (pattern: string): PossibleValue => ({ kind: 'text', pieces: pieces(pattern) });

describe('texts with open pieces', () => {
  test.each<[string, string, boolean, boolean, boolean, boolean]>([
    // pattern, text: can equal, stand within, stand at the start, stand at the end
    ['a*', 'a', true, true, true, true],
    ['a*', 'ab', true, true, true, true],
    ['a*', 'ba', false, true, false, true],
    ['a*', 'b', false, false, false, false],
    ['*a', 'ba', true, true, true, true],
    ['*a', 'ab', false, true, true, false],
    ['a*b', 'ab', true, true, true, true],
    ['a*b', 'axb', true, true, true, true],
    ['a*b', 'xaxbx', false, true, false, false],
    ['a*b', 'axbx', false, true, true, false],
    ['a*b', 'xaxb', false, true, false, true],
    ['a*b', 'ba', false, false, false, false],
    ['aa*aa', 'aaa', false, false, false, false],
    ['aa*aa', 'aaaa', true, true, true, true],
    ['a*b*c', 'abc', true, true, true, true],
    ['a*b*c', 'acbc', true, true, true, true],
    ['a*b*c', 'acb', false, false, false, false],
    ['*a*b*', 'xaxbx', true, true, true, true],
    ['*b*a*', 'xaxbx', false, false, false, false],
    ['*ab*', 'xabx', true, true, true, true],
    ['*ab*ab', 'xab', false, false, false, false],
    ['ab*ab*', 'abx', false, false, false, false],
    ['**', '', true, false, false, false],
    ['**', 'a', true, true, true, true],
    ['a*', '', false, false, false, false],
  ])('%s in %j', (pattern, text, equal, within, start, end) => {
    const known = pieces(pattern);
    expect([
      canBeEqual(open(pattern), fixed(text)),
      canBeWithin(known, text),
      canStart(known, text),
      canEnd(known, text),
    ]).toEqual([equal, within, start, end]);
  });

  test('what is known of them', () => {
    const rows = [...['a*b', '*b', 'a*', '**'].map(pieces), ['', undefined, '']].map((each) => [
      knownStart(each),
      knownEnd(each),
      canBeEmpty(each),
    ]);
    expect(rows).toEqual([
      ['a', 'b', false],
      ['', 'b', false],
      ['a', '', false],
      ['', '', true],
      ['', '', true],
    ]);
    expect(['1*', '-*e+5', '*', '1.*E9', 'a*', '1*x', ' *'].map((pattern) => canBeNumeric(pieces(pattern)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('whether two values can be equal', () => {
  test.each<[PossibleValue, PossibleValue, boolean]>([
    [anyValue, anyValue, true],
    [anyValue, fixed('a'), true],
    [anyValue, fixed(null), true],
    [anyValue, fixed([]), false],
    [anyValue, fixed(new Map()), false],
    [anyValue, open('a*'), true],
    [fixed('a'), fixed('a'), true],
    [fixed('a'), fixed('b'), false],
    [fixed(['a']), fixed(['a']), false],
    [open('a*'), open('ab*'), true],
    [open('a*'), open('b*'), false],
    [open('*a'), open('*ba'), true],
    [open('*a'), open('*b'), false],
    [open('a*c'), open('a*d'), false],
    [open('a*'), open('*b'), true],
    [open('t*'), fixed(true), true],
    [open('f*'), fixed(true), false],
    [open('n*'), fixed(null), true],
    [open('5*'), fixed(jsonValue(number('0.5e1'))), true],
    [open('x*'), fixed(jsonValue(5)), false],
    [open('a*'), fixed(['a']), false],
  ])('%j and %j: %s', (a, b, expected) => {
    expect([canBeEqual(a, b), canBeEqual(b, a)]).toEqual([expected, expected]);
  });
});

describe('sets of outcomes', () => {
  const outcomes: readonly Outcome[] = [0, 1, 2];
  const sets = Array.from({ length: 8 }, (_, set) => set);
  const together = (members: readonly Outcome[]) => members.reduce<number>((set, outcome) => set | only(outcome), 0);

  test('hold their members', () => {
    for (const set of sets) expect(together(membersOf(set))).toBe(set);
    expect(outcomes.map(only)).toEqual([1, 2, 4]);
    expect(membersOf(5)).toEqual([0, 2]);
  });

  test('connect like every choice of members', () => {
    for (const a of sets) {
      expect(negateSet(a)).toBe(together(membersOf(a).map(negate)));
      for (const b of sets) {
        const pairs = membersOf(a).flatMap((x) => membersOf(b).map((y) => [x, y] as const));
        expect(andSets(a, b)).toBe(together(pairs.map(([x, y]) => conjoin(x, y))));
        expect(orSets(a, b)).toBe(together(pairs.map(([x, y]) => disjoin(x, y))));
      }
    }
  });
});
