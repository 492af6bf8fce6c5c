import { ByteWriter } from '../byte-writer.ts';
import { closeLength, openLength, writeTextField, writeVarint } from './protobuf.ts';

/** The name of an attribute, encoded once. */
export interface AttributeKey {
  readonly name: string;
  /** `KeyValue.key`, encoded. */
  readonly field: Uint8Array;
}

/** Of one attribute; lists have a function of their own. */
type Value = string | number | boolean;

export function key(name: string): AttributeKey {
  const out = new ByteWriter(64);
  writeTextField(out, 1, name);
  return { name, field: new Uint8Array(out.written) };
}

const valueField = 0x12;
const textValue = 0x0a;
const booleanValue = 0x10;
const intValue = 0x18;
const doubleValue = 0x21;
const arrayValue = 0x2a;

/** Writes one `KeyValue` as field `field` of the message at hand. */
export function writeAttribute(out: ByteWriter, field: number, key: AttributeKey, value: Value): void {
  if (typeof value === 'string' && encodeShortPair(out, field, key, value)) return;
  out.byte((field << 3) | 2);
  const whole = openLength(out);
  out.bytes(key.field);
  out.byte(valueField);
  const inner = openLength(out);
  if (typeof value === 'string') writeTextField(out, 1, value);
  else if (typeof value === 'boolean') {
    out.byte(booleanValue);
    out.byte(value ? 1 : 0);
  } else if (Number.isSafeInteger(value) && value >= 0) {
    out.byte(intValue);
    writeVarint(out, value);
  } else {
    out.byte(doubleValue);
    out.reserve(8);
    out.buffer.writeDoubleLE(value, out.length);
    out.length += 8;
  }
  closeLength(out, inner);
  closeLength(out, whole);
}

/** The same for ASCII text so short that all lengths are known and take one byte; false, with nothing written, for other text. */
function encodeShortPair(out: ByteWriter, field: number, { field: key }: AttributeKey, text: string): boolean {
  const count = text.length;
  const whole = key.length + count + 4;
  if (whole > 0x7f) return false;
  out.reserve(whole + 2);
  const { buffer, length } = out;
  let at = length + 2;
  for (let index = 0; index < key.length; index++) buffer[at++] = key[index] as number;
  buffer[at++] = valueField;
  buffer[at++] = count + 2;
  buffer[at++] = textValue;
  buffer[at++] = count;
  if (!out.putAscii(text, at)) return false;
  buffer[length] = (field << 3) | 2;
  buffer[length + 1] = whole;
  out.length = at + count;
  return true;
}

/** Writes one `KeyValue` whose value is a list of texts. */
export function writeListAttribute(out: ByteWriter, field: number, key: AttributeKey, values: readonly string[]): void {
  out.byte((field << 3) | 2);
  const whole = openLength(out);
  out.bytes(key.field);
  out.byte(valueField);
  const inner = openLength(out);
  out.byte(arrayValue);
  const list = openLength(out);
  for (const value of values) {
    out.byte(textValue);
    const element = openLength(out);
    writeTextField(out, 1, value);
    closeLength(out, element);
  }
  closeLength(out, list);
  closeLength(out, inner);
  closeLength(out, whole);
}
