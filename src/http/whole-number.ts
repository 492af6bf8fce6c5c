/** Digits of a length that is exact as a number. */
const mostDigits = 15;

/** True for one to fifteen decimal digits and nothing else: what a `Content-Length` may be. */
export function isWholeNumber(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > mostDigits) return false;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
