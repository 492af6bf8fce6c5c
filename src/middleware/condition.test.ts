import { describe, expect, it } from 'vitest';
import { testContext } from '../../test/support/middleware-context.ts';
import { PortcullisError } from '../errors.ts';
import { compileCondition, type Word } from './condition.ts';

interface Facts {
  readonly n: number;
  readonly yes: boolean;
}

const words: Readonly<Record<string, Word<Facts>>> = {
  N: { arguments: 0, measure: ({ n }) => n },
  Times: { arguments: 2, measure: ({ n }, [a = 0, b = 0]) => n * a * b },
  Yes: { arguments: 0, test: ({ yes }) => yes },
};

function evaluate(text: string, facts: Facts): boolean {
  return compileCondition(text, words, testContext(), ['expression'])(facts);
}

describe('conditions', () => {
  it.each([
    ['N() > 2', true],
    ['N() > 3', false],
    ['N() >= 3', true],
    ['N() < 3', false],
    ['N() <= 3.0', true],
    ['N() == 3', true],
    ['N() != 3', false],
    ['N() > -1', true],
    ['Times(2, 0.5) == 3', true],
    ['Yes()', false],
    ['!Yes()', true],
    ['!!Yes()', false],
    ['N() > 2 && Yes()', false],
    ['N() > 2 || Yes()', true],
    ['Yes() && Yes() || N() > 2', true],
    ['Yes() && (Yes() || N() > 2)', false],
    ['!(N() > 2 && N() < 4) || N() == 3', true],
    ['\n N( ) \t>2 ', true],
  ])('%j is %s', (text, expected) => {
    expect(evaluate(text, { n: 3, yes: false })).toBe(expected);
  });

  it.each([
    ['', 0, 'the end is not a known function'],
    ['N()', 3, 'the end stands where a comparison is expected'],
    ['M() > 1', 0, '`M` is not a known function'],
    ['toString() > 1', 0, '`toString` is not a known function'],
    ['N(1) > 1', 0, '`N` takes 0 arguments, not 1'],
    ['Times(1) > 1', 0, '`Times` takes 2 arguments, not 1'],
    ['N > 1', 2, '`>` stands where ( is expected'],
    ['N() > x', 6, '`x` stands where a number is expected'],
    ['N() > 1 Yes()', 8, '`Yes` is not expected here'],
    ['(N() > 1', 8, 'the end stands where ) is expected'],
    ['N() = 1', 4, '`=` is not part of a condition'],
    ['N() > 1 & Yes()', 8, '`&` is not part of a condition'],
    ['N() > "1"', 6, '`"` is not part of a condition'],
    [`${'('.repeat(70)}Yes()${')'.repeat(70)}`, 64, '`(` is nested too deeply'],
  ])('%j is refused at %d: %s', (text, offset, message) => {
    let range: { offset: number; length: number } | undefined;
    const context = testContext();
    const watching: typeof context = {
      ...context,
      diagnose(problem, path, at) {
        range = at;
        return context.diagnose(problem, path);
      },
    };
    let caught: unknown;
    try {
      compileCondition(text, words, watching, ['expression']);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(PortcullisError);
    expect(caught instanceof PortcullisError && caught.message).toBe(message);
    expect(range?.offset).toBe(offset);
  });
});
