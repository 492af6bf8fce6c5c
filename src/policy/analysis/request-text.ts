import { isArray, isObject, scalarText, type Value } from '../../expression/index.ts';

/** A value as JSON text with numbers as written. */
export function jsonText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (!isObject(value)) return scalarText(value) ?? 'null';
  return `{${[...value].map(([name, member]) => `${JSON.stringify(name)}: ${jsonText(member)}`).join(', ')}}`;
}
