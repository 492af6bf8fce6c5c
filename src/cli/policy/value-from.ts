import { isNumberText, type ObjectValue, type Value } from '../../expression/index.ts';

/** The value that plain data stands for; `numberText` gives the written text of a number at a path, where it is known. */
export function valueFrom(
  plain: unknown,
  numberText?: (path: readonly (string | number)[]) => string | undefined,
  path: readonly (string | number)[] = [],
): Value {
  if (typeof plain === 'number') {
    const written = Number.isInteger(plain) && Math.abs(plain) < 2 ** 53 ? undefined : numberText?.(path);
    return { text: written !== undefined && isNumberText(written) ? written : String(plain) };
  }
  if (Array.isArray(plain)) return plain.map((each, index) => valueFrom(each, numberText, [...path, index]));
  if (typeof plain === 'object' && plain !== null) return objectFrom(plain, numberText, path);
  return typeof plain === 'string' || typeof plain === 'boolean' ? plain : null;
}

export function objectFrom(
  plain: object,
  numberText?: (path: readonly (string | number)[]) => string | undefined,
  path: readonly (string | number)[] = [],
): ObjectValue {
  return new Map(Object.entries(plain).map(([name, member]) => [name, valueFrom(member, numberText, [...path, name])]));
}

/** Reads JSON with numbers as they are written. Throws a SyntaxError. */
export function parseJsonValue(text: string): Value {
  // Objects become maps on the way up, so that a member named __proto__ is one like any other.
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number') return { text: context?.source ?? String(value) };
    if (Array.isArray(value) || value === null || typeof value !== 'object' || value instanceof Map) return value;
    return new Map(Object.entries(value));
  }) as Value;
}
