import { isNumber, scalarText, type Value } from '../expression/index.ts';
import { equals, isScalar } from './equality.ts';
import { canSpell } from './number-spelling.ts';
import { canMatch, type TextPieces } from './text-pieces.ts';

/**
 * What is known about a value that is there, while the caller has not yet chosen all of the call: exactly this one, any
 * JSON value, or a text of which some pieces are known (`undefined` stands for a piece that can be any text).
 */
export type PossibleValue =
  | { readonly kind: 'fixed'; readonly value: Value }
  | { readonly kind: 'any' }
  | { readonly kind: 'text'; readonly pieces: TextPieces };

export const anyValue: PossibleValue = { kind: 'any' };

export function fixed(value: Value): PossibleValue {
  return { kind: 'fixed', value };
}

/** Whether two values can come to be equal. */
export function canBeEqual(a: PossibleValue, b: PossibleValue): boolean {
  if (a.kind === 'any') return b.kind !== 'fixed' || isScalar(b.value);
  if (b.kind === 'any') return canBeEqual(b, a);
  if (a.kind === 'fixed') return b.kind === 'fixed' ? equals(a.value, b.value) : canEqual(b.pieces, a.value);
  if (b.kind === 'fixed') return canEqual(a.pieces, b.value);
  return (
    canAgree(knownStart(a.pieces), knownStart(b.pieces), (text, part) => text.startsWith(part)) &&
    canAgree(knownEnd(a.pieces), knownEnd(b.pieces), (text, part) => text.endsWith(part))
  );
}

function canAgree(a: string, b: string, has: (text: string, part: string) => boolean): boolean {
  return has(a, b) || has(b, a);
}

/** Whether a text with open pieces can come to equal a scalar. */
function canEqual(pieces: TextPieces, value: Value): boolean {
  if (isNumber(value)) return canSpell(pieces, value.text);
  const text = scalarText(value);
  return text !== undefined && canMatch(pieces, text);
}

/** Whether a text with open pieces, not being empty, can come to stand somewhere in a known text. */
export function canBeWithin(pieces: TextPieces, text: string): boolean {
  return text !== '' && canMatch(pieces, text, false, false);
}

/** The same at the start of a known text. */
export function canStart(pieces: TextPieces, text: string): boolean {
  return text !== '' && canMatch(pieces, text, true, false);
}

/** The same at the end of a known text. */
export function canEnd(pieces: TextPieces, text: string): boolean {
  return text !== '' && canMatch(pieces, text, false, true);
}

/** Whether nothing is known of any piece, so that the text can be empty. */
export function canBeEmpty(pieces: TextPieces): boolean {
  return pieces.every((piece = '') => piece === '');
}

/** The known beginning, empty when the text begins with an open piece. */
export function knownStart(pieces: TextPieces): string {
  return pieces[0] ?? '';
}

/** The known end, empty when the text ends with an open piece. */
export function knownEnd(pieces: TextPieces): string {
  return pieces.at(-1) ?? '';
}
