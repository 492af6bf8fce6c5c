import { describe, expect, test } from 'vitest';
import {
  conjoin,
  disjoin,
  FALSE,
  negate,
  type Outcome,
  outcomeName,
  outcomeOf,
  TRUE,
  UNDETERMINED,
} from './outcome.ts';

const F = FALSE;
const U = UNDETERMINED;
const T = TRUE;

describe('[PL-3.kleene] the connectives are those of Kleene', () => {
  test.each<[Outcome, Outcome, Outcome, Outcome]>([
    [F, F, F, F],
    [F, U, F, U],
    [F, T, F, T],
    [U, F, F, U],
    [U, U, U, U],
    [U, T, U, T],
    [T, F, F, T],
    [T, U, U, T],
    [T, T, T, T],
  ])('%d with %d: and %d, or %d', (a, b, and, or) => {
    expect(conjoin(a, b)).toBe(and);
    expect(disjoin(a, b)).toBe(or);
  });

  test('not', () => {
    expect([F, U, T].map((outcome) => negate(outcome as Outcome))).toEqual([T, U, F]);
  });
});

test('outcomes have names', () => {
  expect([F, U, T].map((outcome) => outcomeName(outcome as Outcome))).toEqual(['false', 'undetermined', 'true']);
  expect([outcomeOf(true), outcomeOf(false)]).toEqual([T, F]);
});
