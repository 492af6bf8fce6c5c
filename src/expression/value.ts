/**
 * What an expression can meet: JSON with exact numbers. The shape is structural, so that the message and claim values
 * of `http/json.ts` fit without an import.
 */
export type Value = null | boolean | string | NumberValue | readonly Value[] | ObjectValue;

/** A number as its source text, because a double would change it. */
export interface NumberValue {
  readonly text: string;
}

/** Own keys only: there is no prototype to reach through. */
export type ObjectValue = ReadonlyMap<string, Value>;

export type ValueKind = 'null' | 'boolean' | 'string' | 'number' | 'array' | 'object';

/** Tells the six kinds apart; a number is what carries a `text` and is no map. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'array';
      return isObject(value) ? 'object' : 'number';
  }
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value | undefined): value is ObjectValue {
  return value instanceof Map;
}

export function isNumber(value: Value | undefined): value is NumberValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** The text of a scalar inside a longer text: a string as it is, anything else as its JSON text. Undefined for arrays and objects. */
export function scalarText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return isNumber(value) ? value.text : undefined;
}
