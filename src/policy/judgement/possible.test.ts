import { describe, expect, test } from 'vitest';
import { compilePattern, type Value } from '../../expression/index.ts';
import {
  ANYTHING,
  CAN_BE_FALSE,
  CAN_BE_TRUE,
  CAN_BE_UNDETERMINED,
  NONE,
  type OutcomeSet,
  only,
} from '../outcome-set.ts';
import { anyValue, fixed, type PossibleValue } from '../possible-value.ts';
import { prefixJudgement, suffixJudgement } from './affix.ts';
import { comparisonJudgement } from './comparison.ts';
import { containsJudgement } from './contains.ts';
import { equalsJudgement } from './equals.ts';
import type { Judgement } from './judgement.ts';
import { matchesJudgement } from './matches.ts';
import { oneOfJudgement } from './one-of.ts';
import { splitContainsJudgement } from './split-contains.ts';

const number = (text: string): Value => ({ text });

const texts = ['a', 'b', 'ab', 'ba', '5', 'a,b', 'b, a', ' a', ','];
const constants: Value[] = [null, true, '', ...texts, number('5'), number('7')];
const objects: Value[] = [new Map(), new Map([['a', 'a']])];
const arrays: Value[] = [
  [],
  ['a'],
  ['a', 'b'],
  ['ab', number('5')],
  [['a'], new Map(), null, true],
  ['a,b', ''],
  ['5', '7'],
];
const patterns: (string | undefined)[][] = [
  [undefined],
  ['a', undefined],
  [undefined, 'a'],
  ['a', undefined, 'b'],
  ['b,', undefined],
  ['5', undefined],
  ['x', undefined],
];

/** What the open parts of texts are tried with: every part of a text that something is compared with, and others. */
const simple = ['~', ',~', '~,', '.0', '7', 'x', 'true', 'null', ...[...texts, 'aba'].flatMap(parts)];
const between = ['a', ','].flatMap((mark) =>
  ['', 'a', 'b', 'ab', 'ba', '5', '7', 'true', 'null', 'b,', 'x', 'a,b'].flatMap((text) => [
    mark + text,
    text + mark,
    mark + text + mark,
  ]),
);
const fillings = [...new Set([...simple, ...between])];
const everything: Value[] = [
  ...new Set([...fillings, 'b,', '5.0', 'z']),
  ...[null, true, number('5'), number('7'), number('-1'), number('9')],
  ...[...objects, ...arrays],
];

function parts(text: string): string[] {
  return Array.from(text).flatMap((_, start) =>
    Array.from({ length: text.length - start + 1 }, (_, length) => text.slice(start, start + length)),
  );
}

/** The values that something can be, as far as they are tried. */
function valuesOf(possible: PossibleValue): Value[] {
  if (possible.kind === 'fixed') return [possible.value];
  if (possible.kind === 'any') return everything;
  return possible.pieces.reduce<string[]>(
    (begun, piece) => begun.flatMap((text) => (piece === undefined ? fillings : [piece]).map((part) => text + part)),
    [''],
  );
}

const known: PossibleValue[] = [...constants, ...objects, ...arrays].map(fixed);
const open: PossibleValue[] = [anyValue, ...patterns.map((pieces): PossibleValue => ({ kind: 'text', pieces }))];
const all = [...known, ...open];

const isText = ({ kind }: PossibleValue) => kind === 'text';
const isOpen = ({ kind }: PossibleValue) => kind !== 'fixed';

/** The outcomes that are met when everything open is tried with every value. */
function met(judgement: Judgement, subject: PossibleValue, operands: readonly PossibleValue[]): OutcomeSet {
  let set = NONE;
  const choose = (chosen: readonly Value[]): void => {
    const next = operands[chosen.length];
    if (next !== undefined) for (const value of valuesOf(next)) choose([...chosen, value]);
    else if (set !== ANYTHING) {
      const judge = judgement.prepare(chosen);
      for (const value of valuesOf(subject)) if (set !== ANYTHING) set |= only(judge(value));
    }
  };
  choose([]);
  return set;
}

const named = (set: OutcomeSet) =>
  [
    [CAN_BE_FALSE, 'false'],
    [CAN_BE_UNDETERMINED, 'undetermined'],
    [CAN_BE_TRUE, 'true'],
  ].flatMap(([bit, name]) => ((set & Number(bit)) === 0 ? [] : [name]));

/**
 * Tries all subjects with all operands, something being open. Never too little; and not too much, but where `loose` says
 * that the language leaves it open.
 */
function check(
  judgement: Judgement,
  operandChoices: readonly (readonly PossibleValue[])[],
  loose: (subject: PossibleValue, operands: readonly PossibleValue[]) => boolean,
): string[] {
  const wrong: string[] = [];
  for (const operands of operandChoices) {
    for (const subject of all) {
      if (!isOpen(subject) && !operands.some(isOpen)) continue;
      const said = judgement.possible(subject, operands);
      const found = met(judgement, subject, operands);
      const fits = loose(subject, operands) ? (said & found) === found : said === found;
      const write = (_: unknown, value: unknown) => (value instanceof Map ? { map: [...value] } : (value ?? '*'));
      if (!fits) wrong.push(`${JSON.stringify([subject, ...operands], write)}: ${named(said)}, met ${named(found)}`);
    }
  }
  return wrong;
}

const single = all.map((operand) => [operand]);
const twoOpen = (subject: PossibleValue, operands: readonly PossibleValue[]) =>
  [subject, ...operands].filter(isOpen).length > 1;

describe('[PL-6.possible] the outcomes of a condition of which parts are open are those that some value brings about', () => {
  test('Equals', () => {
    expect(check(equalsJudgement, single, () => false)).toEqual([]);
  });

  test('OneOf', () => {
    const half = known.filter((_, index) => index % 2 === 0);
    const pairs = open.slice(0, 3).flatMap((free) =>
      half.flatMap((set) => [
        [free, set],
        [set, free],
      ]),
    );
    expect(check(oneOfJudgement, single, () => false)).toEqual([]);
    expect(check(oneOfJudgement, pairs, (subject, operands) => isOpen(subject) && operands.some(isOpen))).toEqual([]);
  });

  test('Contains', () => {
    expect(check(containsJudgement, single, twoOpen)).toEqual([]);
  });

  test('Prefix and Suffix', () => {
    expect(check(prefixJudgement, single, () => false)).toEqual([]);
    expect(check(suffixJudgement, single, () => false)).toEqual([]);
  });

  test('SplitContains', () => {
    // Where a text ends in a separator, an empty part is sure; what is open before it is looked at no further.
    const empty = known.find((each) => each.kind === 'fixed' && each.value === '');
    const separators = [',', 'a', '', null].map((value) => fixed(value));
    const few = [...known.filter((_, index) => index % 2 === 0), ...open.filter((_, index) => index !== 4)];
    const operands = separators.flatMap((separator) => few.map((wanted) => [separator, wanted]));
    operands.push([fixed('l'), fixed(null)]);
    operands.push(...open.slice(0, 2).flatMap((separator) => known.slice(0, 5).map((wanted) => [separator, wanted])));
    expect(
      check(
        splitContainsJudgement,
        operands,
        (subject, [separator = anyValue, wanted]) => isOpen(separator) || (isText(subject) && wanted === empty),
      ),
    ).toEqual([]);
  });

  test('SplitContains with blanks around the parts that are known', () => {
    const subject: PossibleValue = { kind: 'text', pieces: [' a , ', undefined] };
    const said = ['a', ' a ', ''].map((wanted) =>
      named(splitContainsJudgement.possible(subject, [fixed(','), fixed(wanted)])),
    );
    expect(said).toEqual([['true'], ['false'], ['false', 'true']]);
  });

  test('a comparison', () => {
    const lower = comparisonJudgement((order) => order < 0);
    expect(check(lower, single, (subject, [bound = anyValue]) => isText(subject) || isText(bound))).toEqual([]);
  });

  test.each(['^a', 'a$', '^ab', '[ab]', 'a|b', '^a?b', '^a+', '^x*a', '^5\\.', 'z', '[^b]a$', '[^b]$'])(
    'Matches %s',
    (source) => {
      const compiled = compilePattern(source);
      if (!compiled.ok) throw new Error(compiled.message);
      const plain = /^\^[a-z0-9]+$/.test(source);
      expect(check(matchesJudgement(compiled.pattern), [[]], (subject) => isText(subject) && !plain)).toEqual([]);
    },
  );
});
