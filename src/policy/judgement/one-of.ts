import { isArray, isObject, outcomeOf, UNDETERMINED, type Value } from '../../expression/index.ts';
import { Candidates, equals } from '../equality.ts';
import { CAN_BE_FALSE, CAN_BE_TRUE, CAN_BE_UNDETERMINED } from '../outcome-set.ts';
import { canBeEqual, fixed, type PossibleValue } from '../possible-value.ts';
import { type Judgement, trueIf, typeRisk, undetermined } from './judgement.ts';

/** A scalar, or an element of an array, among candidates; an array operand stands for its elements. */
export const oneOfJudgement: Judgement = {
  prepare: (values) => {
    if (values.some(isObject)) return undetermined;
    const candidates = new Candidates(values.flatMap(elementsOf));
    return (subject) => {
      if (isObject(subject)) return UNDETERMINED;
      return outcomeOf(elementsOf(subject).some((element) => candidates.has(element)));
    };
  },
  possible: (subject, values) => {
    if ([subject, ...values].some((each) => each.kind === 'fixed' && isObject(each.value))) return CAN_BE_UNDETERMINED;
    const risk = typeRisk(subject, ...values);
    const candidates = values.flatMap(possibleElements);
    const subjects = possibleElements(subject);
    if (subjects.some((each) => candidates.some((candidate) => surelyEqual(each, candidate))))
      return risk | CAN_BE_TRUE;
    const canBe = subjects.some((each) => candidates.some((candidate) => canBeEqual(each, candidate)));
    return risk | CAN_BE_FALSE | trueIf(canBe);
  },
};

function elementsOf(value: Value): readonly Value[] {
  return isArray(value) ? value : [value];
}

function possibleElements(possible: PossibleValue): readonly PossibleValue[] {
  return possible.kind === 'fixed' ? elementsOf(possible.value).map(fixed) : [possible];
}

function surelyEqual(a: PossibleValue, b: PossibleValue): boolean {
  return a.kind === 'fixed' && b.kind === 'fixed' && equals(a.value, b.value);
}
