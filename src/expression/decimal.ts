/**
 * Exact decimals of any size, compared by their texts: sign, position of the point, digits. Nothing is ever expanded, so
 * `1e9999` costs as much as `1`, and the time is linear in the length of the texts.
 */

const strictText = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?$/;
const numberText = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?$/;

/** True for a JSON number text whose exponent has at most four digits, with nothing around it. */
export function isStrictDecimal(text: string): boolean {
  return !Number.isNaN(shortNumber(text)) || strictText.test(text);
}

/** True for any JSON number text, whatever the size of its exponent. */
export function isNumberText(text: string): boolean {
  return !Number.isNaN(shortNumber(text)) || numberText.test(text);
}

/** Compares two JSON number texts by mathematical value. Throws a RangeError when a text is no number. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  const shortA = shortNumber(a);
  if (!Number.isNaN(shortA)) {
    const shortB = shortNumber(b);
    if (!Number.isNaN(shortB)) return order(shortA, shortB);
  }
  return compareForms(scientificForm(a), scientificForm(b));
}

function order<Comparable extends number | string>(a: Comparable, b: Comparable): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function reverseIf(negative: boolean, sign: -1 | 0 | 1): -1 | 0 | 1 {
  if (!negative || sign === 0) return sign;
  return sign === 1 ? -1 : 1;
}

/** One text for all number texts of the same mathematical value, to look numbers up by. */
export function canonicalDecimal(text: string): string {
  const { sign, digits, exponent } = scientificForm(text);
  if (sign === 0) return '0';
  return `${sign < 0 ? '-' : ''}${digits}e${exponent.sign < 0 ? '-' : ''}${exponent.digits}`;
}

/**
 * The value of a number text of at most 15 characters without exponent, else NaN. Decimals of up to 15 digits map to
 * doubles one to one and in order, so these few may be compared as doubles.
 */
function shortNumber(text: string): number {
  const { length } = text;
  if (length === 0 || length > 15) return Number.NaN;
  let index = text.charCodeAt(0) === MINUS ? 1 : 0;
  const first = text.charCodeAt(index);
  if (!isDigit(first)) return Number.NaN;
  if (first === ZERO && isDigit(text.charCodeAt(index + 1))) return Number.NaN;
  while (isDigit(text.charCodeAt(index))) index += 1;
  if (index < length) {
    if (text.charCodeAt(index) !== POINT || index + 1 === length) return Number.NaN;
    for (index += 1; index < length; index += 1) if (!isDigit(text.charCodeAt(index))) return Number.NaN;
  }
  return Number(text);
}

const MINUS = 45;
const POINT = 46;
const ZERO = 48;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

/** ±0.digits × 10^exponent with no zero at either end of the digits; zero is the empty digits. */
interface ScientificForm {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: Exponent;
}

function scientificForm(text: string): ScientificForm {
  const match = numberText.exec(text);
  if (match === null) throw new RangeError('not a decimal number text');
  const [, minus, integer = '', fraction = '', exponentSign, exponentDigits = '0'] = match;
  const all = integer + fraction;
  let start = 0;
  while (all.charCodeAt(start) === ZERO) start += 1;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === ZERO) end -= 1;
  if (start === end) return { sign: 0, digits: '', exponent: { sign: 1, digits: '0' } };
  return {
    sign: minus === '-' ? -1 : 1,
    digits: all.slice(start, end),
    exponent: shift(
      { sign: exponentSign === '-' ? -1 : 1, digits: withoutLeadingZeros(exponentDigits) },
      integer.length - start,
    ),
  };
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === ZERO) start += 1;
  return digits.slice(start);
}

function compareForms(a: ScientificForm, b: ScientificForm): -1 | 0 | 1 {
  if (a.sign !== b.sign) return order(a.sign, b.sign);
  const byExponent = compareExponents(a.exponent, b.exponent);
  return reverseIf(a.sign < 0, byExponent === 0 ? order(a.digits, b.digits) : byExponent);
}

/** A whole number as sign and digits: BigInt needs more than linear time to read a text, a double is not exact. */
interface Exponent {
  readonly sign: -1 | 1;
  readonly digits: string;
}

/** Adds a number below 2^31 in magnitude. */
function shift(exponent: Exponent, by: number): Exponent {
  const { sign, digits } = exponent;
  if (digits.length <= 15) return wholeNumber(sign * Number(digits) + by);
  // The value is far from zero, so the sign stays and only the last 15 digits take part, with at most one carry.
  const head = digits.slice(0, -15);
  const tail = Number(digits.slice(-15)) + sign * by;
  if (tail >= 1e15) return { sign, digits: step(head, 1) + pad(tail - 1e15) };
  if (tail < 0) return { sign, digits: withoutLeadingZeros(step(head, -1) + pad(tail + 1e15)) };
  return { sign, digits: head + pad(tail) };
}

function wholeNumber(value: number): Exponent {
  return { sign: value < 0 ? -1 : 1, digits: String(Math.abs(value)) };
}

function pad(tail: number): string {
  return String(tail).padStart(15, '0');
}

/** Adds one to, or takes one from, a positive digit text. */
function step(digits: string, by: 1 | -1): string {
  const run = by === 1 ? '9' : '0';
  let index = digits.length - 1;
  while (index >= 0 && digits[index] === run) index -= 1;
  const rest = (by === 1 ? '0' : '9').repeat(digits.length - 1 - index);
  if (index < 0) return `1${rest}`;
  return digits.slice(0, index) + String(Number(digits[index]) + by) + rest;
}

function compareExponents(a: Exponent, b: Exponent): -1 | 0 | 1 {
  if (a.sign !== b.sign) return order(a.sign, b.sign);
  const byLength = order(a.digits.length, b.digits.length);
  return reverseIf(a.sign < 0, byLength === 0 ? order(a.digits, b.digits) : byLength);
}
