import {
  canonicalDecimal,
  compareDecimals,
  isArray,
  isNumber,
  isNumberText,
  isObject,
  isStrictDecimal,
  scalarText,
  type Value,
} from '../expression/index.ts';

/** True for everything but arrays and objects. */
export function isScalar(value: Value): boolean {
  return !isArray(value) && !isObject(value);
}

/** The number a value stands for, as text: a number, or a string that is strict decimal text. */
export function numericText(value: Value): string | undefined {
  if (typeof value === 'string') return isStrictDecimal(value) ? value : undefined;
  return isNumber(value) && isNumberText(value.text) ? value.text : undefined;
}

/**
 * Equality of two scalars: texts exactly; a number with a number or a strict decimal text of the same mathematical value;
 * a boolean or `null` with itself or its JSON text. Arrays and objects equal nothing.
 */
export function equals(a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  if (isNumber(a) || isNumber(b)) {
    const textA = numericText(a);
    const textB = textA === undefined ? undefined : numericText(b);
    return textA !== undefined && textB !== undefined && compareDecimals(textA, textB) === 0;
  }
  const textA = scalarText(a);
  return textA !== undefined && textA === scalarText(b);
}

/** Many candidates to be equal to, looked up in time that does not depend on how many there are. */
export class Candidates {
  /** Texts, and the JSON texts of booleans and `null`. */
  readonly #texts = new Set<string>();
  /** Canonical values of the candidates that are numbers: what a decimal text may equal. */
  readonly #numbers = new Set<string>();
  /** The same, and of the candidates that are decimal texts: what a number may equal. */
  readonly #numeric = new Set<string>();

  constructor(values: Iterable<Value>) {
    for (const value of values) {
      if (isNumber(value)) {
        const number = numericText(value);
        if (number !== undefined) {
          this.#numbers.add(canonicalDecimal(number));
          this.#numeric.add(canonicalDecimal(number));
        }
        continue;
      }
      const text = scalarText(value);
      if (text === undefined) continue;
      this.#texts.add(text);
      if (typeof value === 'string' && isStrictDecimal(value)) this.#numeric.add(canonicalDecimal(value));
    }
  }

  /** True when one of the candidates equals `value`. */
  has(value: Value): boolean {
    if (typeof value === 'string') {
      if (this.#texts.has(value)) return true;
      return this.#numbers.size > 0 && isStrictDecimal(value) && this.#numbers.has(canonicalDecimal(value));
    }
    if (isNumber(value)) {
      const number = numericText(value);
      return number !== undefined && this.#numeric.size > 0 && this.#numeric.has(canonicalDecimal(number));
    }
    const text = scalarText(value);
    return text !== undefined && this.#texts.has(text);
  }
}
