import { type Outcome, UNDETERMINED, type Value } from '../../expression/index.ts';
import { isScalar } from '../equality.ts';
import { CAN_BE_TRUE, CAN_BE_UNDETERMINED, NONE, type OutcomeSet } from '../outcome-set.ts';
import type { PossibleValue } from '../possible-value.ts';

/** Judges a value that is there. */
export type Judge = (subject: Value) => Outcome;

/** What a policy function does with operands that are there. */
export interface Judgement {
  /** Prepares the judge once for given operand values; for literals that is when the policy is compiled. */
  prepare(operands: readonly Value[]): Judge;
  /**
   * The outcomes that are possible while the subject or an operand is not fully known. May say too much, never too
   * little: visibility rests on it.
   */
  possible(subject: PossibleValue, operands: readonly PossibleValue[]): OutcomeSet;
  /** The outcome when nothing is at the path. Absent: undetermined. */
  readonly absent?: Outcome;
}

/** For operands that nothing can be judged against. */
export const undetermined: Judge = () => UNDETERMINED;

export function isFixedNonScalar(possible: PossibleValue): boolean {
  return possible.kind === 'fixed' && !isScalar(possible.value);
}

export function trueIf(condition: boolean): OutcomeSet {
  return condition ? CAN_BE_TRUE : NONE;
}

/** A value that can be anything can be of a type that cannot be judged. */
export function typeRisk(...values: readonly PossibleValue[]): OutcomeSet {
  return values.some(({ kind }) => kind === 'any') ? CAN_BE_UNDETERMINED : NONE;
}
