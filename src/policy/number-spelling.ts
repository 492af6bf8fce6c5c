import { canonicalDecimal } from '../expression/index.ts';
import { canBeNumeric, canMatch, type TextPieces } from './text-pieces.ts';

/** Past these many digits, known or of the number, everything that looks numeric counts as possible. */
const manyDigits = 40;
/** No text is longer than this. */
const longestText = 2 ** 29;
/** Strict decimal texts have exponents of at most four digits. */
const greatestExponent = 9999;

/**
 * Whether a text with open pieces can come to be a strict decimal text of the same value as a JSON number: `4${x}` can be
 * 40 (`4e1`), but never 5. Exact but for very long numbers; there it may say too much, never too little.
 */
export function canSpell(pieces: TextPieces, number: string): boolean {
  if (!canBeNumeric(pieces)) return false;
  const [, sign = '', digits = '', exponent = '0'] = /^(-?)([0-9]+)e(-?[0-9]+)$/.exec(canonicalDecimal(number)) ?? [];
  const known = pieces.join('').length;
  if (known > manyDigits || digits.length > manyDigits) return true;
  // The canonical form is 0.digits × 10^exponent; here the digits count as a whole number.
  const scale = Number(exponent) - digits.length;
  if (Math.abs(scale) > longestText) return false;
  const mantissas = [...(digits === '' ? zeros(known + 1) : mantissasOf(sign, digits, scale, known + 1))];
  return cuts(pieces).some(({ before, after }) =>
    mantissas.some(({ text, least, most }) => canMatch(before, text) && canBeExponent(after, least, most)),
  );
}

/** A text before the exponent, and the exponents with which it is the number. */
interface Mantissa {
  readonly text: string;
  readonly least: number;
  readonly most: number;
}

/**
 * The digits with the point at every place. A run of zeros longer than all known pieces together has a zero in an open
 * piece, where there may be any number of them: `run` zeros stand for that many and more.
 */
function* mantissasOf(sign: string, digits: string, scale: number, run: number): Generator<Mantissa, void, void> {
  for (let fraction = -run; fraction <= digits.length + run; fraction += 1) {
    const range = {
      least: fraction === -run ? -greatestExponent : scale + fraction,
      most: fraction === digits.length + run ? greatestExponent : scale + fraction,
    };
    const text = sign + withPoint(digits, fraction);
    yield { text, ...range };
    for (const more of endings(fraction > 0 ? '' : '.', run)) yield { text: text + more, ...range };
  }
}

/** Digits of which the last `fraction` stand behind the point; before the point, zeros for as many as it is below 0. */
function withPoint(digits: string, fraction: number): string {
  if (fraction <= 0) return digits + '0'.repeat(-fraction);
  const all = digits.padStart(fraction + 1, '0');
  return `${all.slice(0, -fraction)}.${all.slice(-fraction)}`;
}

/** Zeros behind the point that change nothing. */
function endings(point: string, run: number): string[] {
  return Array.from({ length: run }, (_, index) => point + '0'.repeat(index + 1));
}

function zeros(run: number): Mantissa[] {
  const texts = ['', ...endings('.', run)].flatMap((ending) => [`0${ending}`, `-0${ending}`]);
  return texts.map((text) => ({ text, least: -greatestExponent, most: greatestExponent }));
}

/** What stands before and behind the `e`; nothing behind it when there is none. */
interface Cut {
  readonly before: TextPieces;
  readonly after: TextPieces | undefined;
}

/** Every place where the `e` can be: nowhere, in an open piece, at each `e` of a known one. */
function cuts(pieces: TextPieces): Cut[] {
  const all: Cut[] = [{ before: pieces, after: undefined }];
  pieces.forEach((piece, index) => {
    const left = pieces.slice(0, index);
    const right = pieces.slice(index + 1);
    if (piece === undefined) all.push({ before: [...left, undefined], after: [undefined, ...right] });
    else {
      for (const { index: at } of piece.matchAll(/e/gi)) {
        all.push({ before: [...left, piece.slice(0, at)], after: [piece.slice(at + 1), ...right] });
      }
    }
  });
  return all;
}

/**
 * Whether the pieces can come to be an exponent in a range: of one exponent, or of all up from one or down from one. Without
 * pieces there is no exponent, which is 0.
 */
function canBeExponent(pieces: TextPieces | undefined, least: number, most: number): boolean {
  if (pieces === undefined) return least <= 0 && most >= 0;
  if (least === most) return spellings(least).some((text) => canMatch(pieces, text));
  return digitPatterns(pieces).some((pattern) => {
    const ends = ['0', '9'].map((digit) => Number(pattern.replaceAll('?', digit)));
    return Math.max(...ends) >= least && Math.min(...ends) <= most;
  });
}

const openDigits = ['', '?', '??', '???', '????'];
/** A plus sign changes nothing. */
const openParts = ['', '-'].flatMap((sign) => openDigits.map((digits) => sign + digits));

/** The shapes of exponent that the pieces can take, with `?` for every digit that is open. */
function digitPatterns(pieces: TextPieces): string[] {
  let shapes = new Set(['']);
  for (const piece of pieces) {
    const parts = piece === undefined ? openParts : [piece];
    shapes = new Set([...shapes].flatMap((shape) => parts.map((part) => shape + part)));
    for (const shape of shapes) if (!/^[-+]?[0-9?]{0,4}$/.test(shape)) shapes.delete(shape);
  }
  return [...shapes].filter((shape) => /[0-9?]/.test(shape));
}

/** All texts of an exponent: signs that change nothing, leading zeros up to four digits; none when it has more. */
function spellings(exponent: number): string[] {
  const signs = exponent < 0 ? ['-'] : exponent > 0 ? ['', '+'] : ['', '+', '-'];
  const digits = String(Math.abs(exponent));
  return [1, 2, 3, 4]
    .filter((length) => length >= digits.length)
    .flatMap((length) => signs.map((sign) => sign + digits.padStart(length, '0')));
}
