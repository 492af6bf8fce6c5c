/** What values are, when they are equal, and what each function makes of them (language 2 and 3). */
import { RE2JS } from 're2js';
import { decimal, type Num, strictDecimal } from './parser.ts';

/** What JSON says, with numbers as they were written. */
export type Value = null | boolean | string | Num | List | Fields;
type List = readonly Value[];
export type Fields = ReadonlyMap<string, Value>;

const isList = (value: unknown): value is List => Array.isArray(value);
export const isOpen = (value: unknown): value is List | Fields => isList(value) || value instanceof Map;
export const isNum = (value: unknown): value is Num => typeof value === 'object' && value !== null && 'number' in value;
export const textOf = (value: unknown): string => (isNum(value) ? value.number : String(value));

/** Below, at or above 0 as the first number is less than, equal to or greater than the second. */
function order(first: Value, second: Value): number | undefined {
  const isNumber = (value: Value) => isNum(value) || (typeof value === 'string' && strictDecimal.test(value));
  const [a, b] = [first, second].filter(isNumber).map((value) => decimal(textOf(value)));
  if (a === undefined || b === undefined) return undefined;
  const compare = <T>(x: T, y: T) => Number(x > y) - Number(x < y);
  return compare(a.sign, b.sign) || a.sign * (compare(a.power, b.power) || compare(a.digits, b.digits));
}

function equal(a: Value, b: Value): boolean {
  if (isOpen(a) || isOpen(b)) return false;
  if (isNum(a) || isNum(b)) return order(a, b) === 0;
  return typeof a === 'string' || typeof b === 'string' ? String(a) === String(b) : a === b;
}

/** What a function says of the value at its path, given its other arguments. */
type Test = (at: Value, value: Value, second: Value, all: List) => boolean | 'type';
const ofTexts = (test: (at: string, value: string) => boolean) => (at: Value, value: Value) =>
  typeof at === 'string' && typeof value === 'string' && value !== '' ? test(at, value) : 'type';
const ofNumbers = (test: (found: number) => boolean) => (at: Value, value: Value) => {
  const found = order(at, value);
  return found === undefined ? 'type' : test(found);
};
export const elements = (value: Value): List => (isList(value) ? value : [value]);
const isOneOf = (at: Value, all: List) => elements(at).some((element) => all.some((value) => equal(element, value)));
const oneOf: Test = (at, _value, _second, all) =>
  [at, ...all].some((value) => value instanceof Map) ? 'type' : isOneOf(at, all.flatMap(elements));
const hasText = ofTexts((text, part) => text.includes(part));
const splitContains: Test = (at, separator, value) => {
  const hasPart = ofTexts((text, by) => text.split(by).some((part) => equal(part.trim(), value)));
  return isOpen(value) ? 'type' : hasPart(at, separator);
};

/** What each function says where its path leads to something. */
export const functions = new Map<string, Test>([
  ['Exists', (at) => at !== null],
  ['Equals', (at, value) => (isOpen(at) || isOpen(value) ? 'type' : equal(at, value))],
  ['OneOf', oneOf],
  ['Contains', (at, value) => (isList(at) && !isOpen(value) ? isOneOf(at, [value]) : hasText(at, value))],
  ['Prefix', ofTexts((at, value) => at.startsWith(value))],
  ['Suffix', ofTexts((at, value) => at.endsWith(value))],
  ['SplitContains', splitContains],
  ['Lt', ofNumbers((found) => found < 0)],
  ['Lte', ofNumbers((found) => found <= 0)],
  ['Gt', ofNumbers((found) => found > 0)],
  ['Gte', ofNumbers((found) => found >= 0)],
  ['Matches', (at, re) => (typeof at === 'string' ? RE2JS.compile(String(re)).matcher(at).find() : 'type')],
]);
