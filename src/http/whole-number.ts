/** Digits of a length that is exact as a number. */
const mostDigits = 15;

/** The number that one to fifteen decimal digits and nothing else are: what a `Content-Length` may be. Else undefined. */
export function readWholeNumber(text: string): number | undefined {
  const { length } = text;
  if (length === 0 || length > mostDigits) return undefined;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
