/**
 * JSON values that lose nothing on the way: numbers keep their text, objects keep the order of their keys and have own
 * keys only, so that what is judged, what is forwarded and what is written again are the same value.
 */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** Own keys only, in order of appearance. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A number kept as its text, because a double would change it. */
export class JsonNumber {
  readonly text: string;

  /** @param text - a number as RFC 8259 §6 writes it; not checked again here */
  constructor(text: string) {
    this.text = text;
  }
}

/** True for a JSON object (a Map), not for an array or a number. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/**
 * The value as plain JavaScript: numbers become doubles (and may lose precision), objects become null-prototype objects.
 * For libraries that want ordinary data; never for a decision.
 */
export function toPlain(value: JsonValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof JsonNumber) return Number(value.text);
  if (value instanceof Map) {
    const plain: Record<string, unknown> = Object.create(null);
    for (const [key, member] of value) plain[key] = toPlain(member);
    return plain;
  }
  return (value as readonly JsonValue[]).map(toPlain);
}

/** The value as compact JSON text: number texts and key order are kept, so `stringify(scan(x))` differs from `x` in white space and escapes only. */
export function stringify(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map) {
    let text = '{';
    for (const [key, member] of value) {
      text += `${text.length > 1 ? ',' : ''}${JSON.stringify(key)}:${stringify(member)}`;
    }
    return `${text}}`;
  }
  const elements = value as readonly JsonValue[];
  let text = '[';
  for (let i = 0; i < elements.length; i++) text += (i > 0 ? ',' : '') + stringify(elements[i] ?? null);
  return `${text}]`;
}
