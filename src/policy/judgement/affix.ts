import { outcomeOf, UNDETERMINED } from '../../expression/index.ts';
import { ANYTHING, CAN_BE_FALSE, CAN_BE_TRUE, CAN_BE_UNDETERMINED, EITHER, type OutcomeSet } from '../outcome-set.ts';
import { anyValue, canEnd, canStart, knownEnd, knownStart } from '../possible-value.ts';
import type { TextPieces } from '../text-pieces.ts';
import { type Judgement, trueIf, undetermined } from './judgement.ts';
import { type FitsIn, isTextPart, partRisk, possibleInText } from './text-part.ts';

/** What differs between the two ends of a text. */
interface End {
  has(text: string, part: string): boolean;
  known(pieces: TextPieces): string;
  readonly fits: FitsIn;
}

const start: End = { has: (text, part) => text.startsWith(part), known: knownStart, fits: canStart };
const end: End = { has: (text, part) => text.endsWith(part), known: knownEnd, fits: canEnd };

export const prefixJudgement = affixJudgement(start);
export const suffixJudgement = affixJudgement(end);

function affixJudgement(side: End): Judgement {
  return {
    prepare: ([part = null]) => {
      if (!isTextPart(part)) return undetermined;
      return (subject) => (typeof subject === 'string' ? outcomeOf(side.has(subject, part)) : UNDETERMINED);
    },
    possible: (subject, [part = anyValue]) => {
      if (part.kind === 'fixed' && !isTextPart(part.value)) return CAN_BE_UNDETERMINED;
      if (subject.kind === 'any') return ANYTHING;
      if (subject.kind === 'fixed') return possibleInText(part, subject.value, side.fits);
      const known = side.known(subject.pieces);
      if (part.kind === 'fixed') return possibleWithKnown(side, known, String(part.value));
      const wanted = part.kind === 'text' ? side.known(part.pieces) : '';
      return CAN_BE_FALSE | partRisk(part) | trueIf(side.has(known, wanted) || side.has(wanted, known));
    },
  };
}

function possibleWithKnown(side: End, known: string, part: string): OutcomeSet {
  if (side.has(known, part)) return CAN_BE_TRUE;
  return side.has(part, known) ? EITHER : CAN_BE_FALSE;
}
