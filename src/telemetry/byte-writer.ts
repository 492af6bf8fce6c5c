import { Buffer } from 'node:buffer';

/** Up to so many bytes, a loop is quicker than the call that copies them. */
const fewBytes = 40;
const fewCharacters = 64;

/**
 * As the method, which compiled code would look up for each character anew: telemetry writes texts of more kinds (made,
 * joined, cut out, beyond Latin) than the engine keeps ways for. Not exported: what is, is not taken for constant.
 */
const charCodeAt: (text: string, index: number) => number = Function.prototype.call.bind(String.prototype.charCodeAt);

/**
 * Text and numbers straight into bytes, one after the other. What telemetry writes for each request is short and nearly
 * always ASCII: as strings it would be put together, flattened and encoded, which costs three times as much.
 */
export class ByteWriter {
  /** Only the first `length` bytes are written. Another buffer may stand here after each call. */
  buffer: Buffer;
  length = 0;

  constructor(capacity = 4_096) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** Leaves bytes free that are written later. */
  skip(bytes: number): void {
    this.reserve(bytes);
    this.length += bytes;
  }

  byte(value: number): void {
    if (this.length >= this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  bytes(source: Uint8Array): void {
    const count = source.length;
    this.reserve(count);
    const { buffer, length } = this;
    if (count > fewBytes) buffer.set(source, length);
    else for (let index = 0; index < count; index++) buffer[length + index] = source[index] as number;
    this.length = length + count;
  }

  /** What another writer holds. */
  append({ buffer: source, length: count }: ByteWriter): void {
    this.reserve(count);
    const { buffer, length } = this;
    if (count > fewBytes) source.copy(buffer, length, 0, count);
    else for (let index = 0; index < count; index++) buffer[length + index] = source[index] as number;
    this.length = length + count;
  }

  /** Text that is known to be ASCII. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const { buffer, length } = this;
    if (count > fewCharacters) buffer.write(text, length, 'latin1');
    else for (let index = 0; index < count; index++) buffer[length + index] = charCodeAt(text, index);
    this.length = length + count;
  }

  /** Any text as UTF-8. */
  text(text: string): void {
    const count = text.length;
    this.reserve(count * 3);
    const { buffer, length } = this;
    const written = count <= fewCharacters && this.putAscii(text, length) ? count : buffer.write(text, length, 'utf8');
    this.length = length + written;
  }

  /** Puts text at an offset, where there is room for it, and says whether it is ASCII. What is written stays what it is. */
  putAscii(text: string, offset: number): boolean {
    const { buffer } = this;
    const count = text.length;
    for (let index = 0; index < count; index++) {
      const code = charCodeAt(text, index);
      if (code > 0x7f) return false;
      buffer[offset + index] = code;
    }
    return true;
  }

  /** Any text as JSON, in quotes. */
  jsonText(text: string): void {
    const count = text.length;
    this.reserve(count + 2);
    const { buffer, length } = this;
    let index = 0;
    if (count <= fewCharacters) {
      for (; index < count; index++) {
        const code = charCodeAt(text, index);
        if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) break;
        buffer[length + 1 + index] = code;
      }
    }
    if (index < count) {
      this.text(JSON.stringify(text));
      return;
    }
    buffer[length] = 0x22;
    buffer[length + 1 + count] = 0x22;
    this.length = length + count + 2;
  }

  /** A number in decimal digits. */
  number(value: number): void {
    if (value < 0 || value > 0x7fffffff || Math.trunc(value) !== value) {
      this.ascii(String(value));
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits += 1;
    this.reserve(digits);
    const { buffer } = this;
    this.length += digits;
    let at = this.length;
    let rest = value | 0;
    do {
      const shorter = (rest / 10) | 0;
      buffer[--at] = 48 + rest - shorter * 10;
      rest = shorter;
    } while (rest > 0);
  }

  /** What is written, valid until the next call. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
