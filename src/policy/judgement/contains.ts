import { isArray, outcomeOf, UNDETERMINED, type Value } from '../../expression/index.ts';
import { equals, isScalar } from '../equality.ts';
import { ANYTHING, CAN_BE_FALSE, CAN_BE_TRUE, CAN_BE_UNDETERMINED, EITHER, type OutcomeSet } from '../outcome-set.ts';
import { anyValue, canBeEqual, canBeWithin, fixed, type PossibleValue } from '../possible-value.ts';
import type { TextPieces } from '../text-pieces.ts';
import { finderOf } from '../text-search.ts';
import { isFixedNonScalar, type Judgement, trueIf, typeRisk, undetermined } from './judgement.ts';
import { isTextPart, partRisk, possibleInText } from './text-part.ts';

/** An element of an array, or a part of a text that is not empty. */
export const containsJudgement: Judgement = {
  prepare: ([wanted = null]) => {
    if (!isScalar(wanted)) return undetermined;
    const finder = typeof wanted === 'string' && wanted !== '' ? finderOf(wanted) : undefined;
    return (subject) => {
      if (isArray(subject)) return outcomeOf(subject.some((element) => equals(element, wanted)));
      if (typeof subject !== 'string' || finder === undefined) return UNDETERMINED;
      return outcomeOf(finder.find(subject, 0) >= 0);
    };
  },
  possible: (subject, [wanted = anyValue]) => {
    if (isFixedNonScalar(wanted)) return CAN_BE_UNDETERMINED;
    if (subject.kind === 'any') return ANYTHING;
    if (subject.kind === 'text') return possibleInOpenText(subject.pieces, wanted);
    return isArray(subject.value)
      ? possibleInArray(subject.value, wanted)
      : possibleInText(wanted, subject.value, canBeWithin);
  },
};

function possibleInArray(elements: readonly Value[], wanted: PossibleValue): OutcomeSet {
  return typeRisk(wanted) | CAN_BE_FALSE | trueIf(elements.some((element) => canBeEqual(fixed(element), wanted)));
}

function possibleInOpenText(pieces: TextPieces, wanted: PossibleValue): OutcomeSet {
  if (wanted.kind !== 'fixed') return EITHER | partRisk(wanted);
  const { value } = wanted;
  if (!isTextPart(value)) return CAN_BE_UNDETERMINED;
  return pieces.some((piece) => piece?.includes(value)) ? CAN_BE_TRUE : EITHER;
}
