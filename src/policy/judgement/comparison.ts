import { compareDecimals, outcomeOf, UNDETERMINED } from '../../expression/index.ts';
import { numericText } from '../equality.ts';
import { ANYTHING, CAN_BE_UNDETERMINED } from '../outcome-set.ts';
import { anyValue, type PossibleValue } from '../possible-value.ts';
import { canBeNumeric } from '../text-pieces.ts';
import { type Judgement, undetermined } from './judgement.ts';

/** Exact order of two numbers; `holds` is given the sign of subject minus bound. */
export function comparisonJudgement(holds: (order: number) => boolean): Judgement {
  return {
    prepare: ([bound = null]) => {
      const limit = numericText(bound);
      if (limit === undefined) return undetermined;
      return (subject) => {
        const number = numericText(subject);
        return number === undefined ? UNDETERMINED : outcomeOf(holds(compareDecimals(number, limit)));
      };
    },
    possible: (subject, [bound = anyValue]) =>
      canBeNumber(bound) && canBeNumber(subject) ? ANYTHING : CAN_BE_UNDETERMINED,
  };
}

function canBeNumber(possible: PossibleValue): boolean {
  if (possible.kind === 'fixed') return numericText(possible.value) !== undefined;
  return possible.kind === 'any' || canBeNumeric(possible.pieces);
}
