import type { ByteWriter } from '../byte-writer.ts';

/** Fields of protocol buffers, as far as OTLP needs them (protobuf.dev, "Encoding"). Field numbers stay below 16. */

const varintType = 0;
const fixed64Type = 1;
const lengthType = 2;

/** A number of at most 53 bits as a base-128 varint. */
export function writeVarint(out: ByteWriter, value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    out.byte((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.byte(rest);
}

export function writeVarintField(out: ByteWriter, field: number, value: number): void {
  out.byte((field << 3) | varintType);
  writeVarint(out, value);
}

/** Texts whose length is one byte when they are ASCII. */
const shortText = 0x80;

/** A text or other bytes, as a field. */
export function writeTextField(out: ByteWriter, field: number, text: string): void {
  if (text.length < shortText && writeShortText(out, field, text)) return;
  out.byte((field << 3) | lengthType);
  const start = openLength(out);
  out.text(text);
  closeLength(out, start);
}

/** The field of a short text; false, with nothing written, when it is not ASCII. */
function writeShortText(out: ByteWriter, field: number, text: string): boolean {
  const count = text.length;
  out.reserve(count + 2);
  const { buffer, length } = out;
  if (!out.putAscii(text, length + 2)) return false;
  buffer[length] = (field << 3) | lengthType;
  buffer[length + 1] = count;
  out.length = length + count + 2;
  return true;
}

export function writeBytesField(out: ByteWriter, field: number, bytes: Uint8Array): void {
  out.byte((field << 3) | lengthType);
  writeVarint(out, bytes.length);
  out.bytes(bytes);
}

/** An id in hexadecimal digits, as bytes. */
export function writeHexField(out: ByteWriter, field: number, digits: string): void {
  const count = digits.length >> 1;
  out.reserve(count + 2);
  const { buffer } = out;
  let at = out.length;
  buffer[at++] = (field << 3) | lengthType;
  buffer[at++] = count;
  for (let index = 0; index < count; index++)
    buffer[at++] = (nibble(digits.charCodeAt(index * 2)) << 4) | nibble(digits.charCodeAt(index * 2 + 1));
  out.length = at;
}

/** Of a lower-case digit. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** A time in milliseconds, with fractions, as nanoseconds. */
export function writeNanoseconds(out: ByteWriter, field: number, milliseconds: number): void {
  // Nanoseconds since 1970 need 61 bits, so they are counted in two parts that a double holds exactly.
  const whole = Math.floor(milliseconds);
  const high = Math.floor(whole / 0x1_0000) * 1e6;
  const low = (whole % 0x1_0000) * 1e6 + Math.round((milliseconds - whole) * 1e6) + (high % 0x1_0000) * 0x1_0000;
  out.reserve(9);
  const { buffer, length } = out;
  buffer[length] = (field << 3) | fixed64Type;
  writeUint32(buffer, length + 1, low % 0x1_0000_0000);
  writeUint32(buffer, length + 5, Math.floor(high / 0x1_0000) + Math.floor(low / 0x1_0000_0000));
  out.length = length + 9;
}

/** Least significant byte first; Node's own function checks more than it writes. */
function writeUint32(buffer: Uint8Array, at: number, value: number): void {
  const bits = value >>> 0;
  buffer[at] = bits;
  buffer[at + 1] = bits >>> 8;
  buffer[at + 2] = bits >>> 16;
  buffer[at + 3] = bits >>> 24;
}

/** Bytes that a length takes for most messages: 128 to 16,383 bytes. */
const usualLength = 2;

/** Begins a part whose length is not known yet; to be ended with {@link closeLength}. */
export function openLength(out: ByteWriter): number {
  out.reserve(usualLength);
  out.length += usualLength;
  return out.length;
}

/** Writes the length of what came since `start` in front of it. */
export function closeLength(out: ByteWriter, start: number): void {
  const count = out.length - start;
  const needed = count < 0x80 ? 1 : count < 0x4000 ? 2 : count < 0x20_0000 ? 3 : 4;
  if (needed !== usualLength) {
    out.reserve(2);
    out.buffer.copyWithin(start - usualLength + needed, start, start + count);
  }
  out.length = start - usualLength;
  writeVarint(out, count);
  out.length += count;
}
