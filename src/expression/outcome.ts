/**
 * The three outcomes of a call, ordered so that Kleene's connectives are arithmetic: and = min, or = max, not = 2 - x.
 * A two-valued vocabulary is one that never gives {@link UNDETERMINED}.
 */
export type Outcome = 0 | 1 | 2;

export const FALSE = 0 satisfies Outcome;
export const UNDETERMINED = 1 satisfies Outcome;
export const TRUE = 2 satisfies Outcome;

export type OutcomeName = 'false' | 'undetermined' | 'true';

const names = ['false', 'undetermined', 'true'] as const;

export function outcomeName(outcome: Outcome): OutcomeName {
  return names[outcome];
}

export function outcomeOf(condition: boolean): Outcome {
  return condition ? TRUE : FALSE;
}

/** Kleene's "and" of two outcomes. */
export function conjoin(a: Outcome, b: Outcome): Outcome {
  return Math.min(a, b) as Outcome;
}

/** Kleene's "or" of two outcomes. */
export function disjoin(a: Outcome, b: Outcome): Outcome {
  return Math.max(a, b) as Outcome;
}

/** Kleene's "not". */
export function negate(outcome: Outcome): Outcome {
  return (2 - outcome) as Outcome;
}
