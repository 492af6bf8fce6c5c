import { outcomeOf, UNDETERMINED } from '../../expression/index.ts';
import { equals, isScalar } from '../equality.ts';
import { CAN_BE_FALSE, CAN_BE_UNDETERMINED } from '../outcome-set.ts';
import { anyValue, canBeEqual } from '../possible-value.ts';
import { isFixedNonScalar, type Judgement, trueIf, typeRisk, undetermined } from './judgement.ts';

/** Scalar with scalar; arrays and objects on either side cannot be judged. */
export const equalsJudgement: Judgement = {
  prepare: ([expected = null]) => {
    if (!isScalar(expected)) return undetermined;
    if (typeof expected !== 'string') {
      return (subject) => (isScalar(subject) ? outcomeOf(equals(subject, expected)) : UNDETERMINED);
    }
    return (subject) => {
      if (typeof subject === 'string') return outcomeOf(subject === expected);
      return isScalar(subject) ? outcomeOf(equals(subject, expected)) : UNDETERMINED;
    };
  },
  possible: (subject, [expected = anyValue]) => {
    if (isFixedNonScalar(expected) || isFixedNonScalar(subject)) return CAN_BE_UNDETERMINED;
    return typeRisk(subject, expected) | CAN_BE_FALSE | trueIf(canBeEqual(subject, expected));
  },
};
