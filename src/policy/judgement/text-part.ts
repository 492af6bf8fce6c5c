import type { Value } from '../../expression/index.ts';
import { CAN_BE_FALSE, CAN_BE_UNDETERMINED, NONE, type OutcomeSet } from '../outcome-set.ts';
import { canBeEmpty, type PossibleValue } from '../possible-value.ts';
import type { TextPieces } from '../text-pieces.ts';
import { trueIf } from './judgement.ts';

/** True for what can be looked for in a text: a text that is not empty. */
export function isTextPart(value: Value): value is string {
  return typeof value === 'string' && value !== '';
}

/** An open part can be of a type that is in no text, or empty. */
export function partRisk(part: PossibleValue): OutcomeSet {
  if (part.kind === 'any') return CAN_BE_UNDETERMINED;
  return part.kind === 'text' && canBeEmpty(part.pieces) ? CAN_BE_UNDETERMINED : NONE;
}

/** Whether an open text can be made to stand in a known one, as the test at hand demands. */
export type FitsIn = (pieces: TextPieces, text: string) => boolean;

/** A text test of a known subject with an open part. */
export function possibleInText(part: PossibleValue, subject: Value, fits: FitsIn): OutcomeSet {
  if (typeof subject !== 'string') return CAN_BE_UNDETERMINED;
  const canFit = part.kind === 'text' ? fits(part.pieces, subject) : subject !== '';
  return CAN_BE_FALSE | partRisk(part) | trueIf(canFit);
}
