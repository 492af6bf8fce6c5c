import { outcomeOf, scalarText, UNDETERMINED, type Value } from '../../expression/index.ts';
import { equals, isScalar } from '../equality.ts';
import { CAN_BE_FALSE, CAN_BE_TRUE, CAN_BE_UNDETERMINED, EITHER, type OutcomeSet } from '../outcome-set.ts';
import { anyValue, canBeEqual, fixed, knownStart, type PossibleValue } from '../possible-value.ts';
import { type Finder, finderOf } from '../text-search.ts';
import { isFixedNonScalar, type Judge, type Judgement, trueIf, typeRisk, undetermined } from './judgement.ts';
import { isTextPart, partRisk } from './text-part.ts';

/** A part of a text between separators, white space around it taken off. */
export const splitContainsJudgement: Judgement = {
  prepare: ([separator = null, wanted = null]) => {
    if (!isTextPart(separator) || !isScalar(wanted)) return undetermined;
    return splitJudge(separator, wanted);
  },
  possible: (subject, [separator = anyValue, wanted = anyValue]) => {
    if (isFixedNonScalar(wanted)) return CAN_BE_UNDETERMINED;
    if (subject.kind === 'fixed' && typeof subject.value !== 'string') return CAN_BE_UNDETERMINED;
    const risk = typeRisk(subject, wanted) | partRisk(separator);
    if (separator.kind !== 'fixed') return risk | EITHER;
    const mark = separator.value;
    if (!isTextPart(mark)) return CAN_BE_UNDETERMINED;
    return risk | possibleParts(subject, mark, wanted);
  },
};

function splitJudge(separator: string, wanted: Value): Judge {
  const finder = finderOf(separator);
  const test = (part: string) => equals(part, wanted);
  return (subject) => {
    if (typeof subject !== 'string') return UNDETERMINED;
    return outcomeOf(someTrimmedPart(subject, separator.length, finder, test));
  };
}

/** Tests the parts between separators one after the other, without building them all. */
function someTrimmedPart(text: string, width: number, finder: Finder, test: (part: string) => boolean): boolean {
  let start = 0;
  for (;;) {
    const end = finder.find(text, start);
    if (test(text.slice(start, end < 0 ? text.length : end).trim())) return true;
    if (end < 0) return false;
    start = end + width;
  }
}

function possibleParts(subject: PossibleValue, separator: string, wanted: PossibleValue): OutcomeSet {
  if (subject.kind === 'fixed') {
    const parts = String(subject.value).split(separator);
    return CAN_BE_FALSE | trueIf(parts.some((part) => canBeEqual(fixed(part.trim()), wanted)));
  }
  if (wanted.kind === 'text' && wanted.pieces.some((piece) => piece?.includes(separator))) return CAN_BE_FALSE;
  if (wanted.kind !== 'fixed') return EITHER;
  if (subject.kind === 'text') {
    // The last part of what is known may still grow; those before it are parts whatever follows.
    const complete = knownStart(subject.pieces).split(separator).slice(0, -1);
    if (complete.some((part) => equals(part.trim(), wanted.value))) return CAN_BE_TRUE;
  }
  return CAN_BE_FALSE | trueIf(canBePart(wanted.value, separator));
}

/** Whether a trimmed part of a text split on the separator can equal a value. */
function canBePart(wanted: Value, separator: string): boolean {
  // Another text of the same number may do without the separator.
  if (typeof wanted === 'object' && wanted !== null) return true;
  const text = scalarText(wanted) ?? '';
  return text === text.trim() && !text.includes(separator);
}
