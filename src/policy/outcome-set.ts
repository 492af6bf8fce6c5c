import { conjoin, disjoin, FALSE, type Outcome, TRUE, UNDETERMINED } from '../expression/index.ts';

/** The outcomes something can have while part of a call is still open, as bits: 1 false, 2 undetermined, 4 true. */
export type OutcomeSet = number;

export const NONE: OutcomeSet = 0;
export const CAN_BE_FALSE: OutcomeSet = 1;
export const CAN_BE_UNDETERMINED: OutcomeSet = 2;
export const CAN_BE_TRUE: OutcomeSet = 4;
export const EITHER: OutcomeSet = CAN_BE_FALSE | CAN_BE_TRUE;
export const ANYTHING: OutcomeSet = EITHER | CAN_BE_UNDETERMINED;

const outcomes: readonly Outcome[] = [FALSE, UNDETERMINED, TRUE];

/** The set of one outcome. */
export function only(outcome: Outcome): OutcomeSet {
  return 1 << outcome;
}

export function negateSet(set: OutcomeSet): OutcomeSet {
  return (set & CAN_BE_UNDETERMINED) | ((set & CAN_BE_FALSE) << 2) | ((set & CAN_BE_TRUE) >> 2);
}

export function andSets(a: OutcomeSet, b: OutcomeSet): OutcomeSet {
  return andTable[(a << 3) | b] ?? NONE;
}

export function orSets(a: OutcomeSet, b: OutcomeSet): OutcomeSet {
  return orTable[(a << 3) | b] ?? NONE;
}

/** Members in the order false, undetermined, true. */
export function membersOf(set: OutcomeSet): Outcome[] {
  return outcomes.filter((outcome) => (set & only(outcome)) !== 0);
}

const andTable = tableOf(conjoin);
const orTable = tableOf(disjoin);

function tableOf(connective: (a: Outcome, b: Outcome) => Outcome): Uint8Array {
  return Uint8Array.from({ length: 64 }, (_, key) => {
    let set = NONE;
    for (const a of membersOf(key >> 3)) for (const b of membersOf(key & 7)) set |= only(connective(a, b));
    return set;
  });
}
