import { Buffer } from 'node:buffer';

/** Up to so many bytes, a loop is quicker than the call that copies them. */
const fewBytes = 16;
const fewCharacters = 64;

/**
 * As the method, which compiled code would look up for each character anew: telemetry writes texts of more kinds (made,
 * joined, cut out, beyond Latin) than the engine keeps ways for. Not exported: what is, is not taken for constant.
 */
const charCodeAt: (text: string, index: number) => number = Function.prototype.call.bind(String.prototype.charCodeAt);

/**
 * Text that is written again and again, kept in words of eight bytes: a few stores instead of a call that copies. No word of
 * valid UTF-8 is one of the numbers whose bits an engine may change.
 */
export class FixedText {
  readonly length: number;
  /** The last one is filled up with zeros. */
  readonly words: Float64Array;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    const view = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8));
    for (const [index, byte] of bytes.entries()) view.setUint8(index, byte);
    this.words = Float64Array.from({ length: view.byteLength / 8 }, (_, index) => view.getFloat64(index * 8));
  }
}

/** The two digits of the numbers below 100, as they are stored. */
const pairs = Uint16Array.from({ length: 100 }, (_, value) => Buffer.from(`${value}`.padStart(2, '0')).readUint16BE());

/**
 * Text and numbers straight into bytes, one after the other. What telemetry writes for each request is short and nearly
 * always ASCII: as strings it would be put together, flattened and encoded, which costs three times as much.
 */
export class ByteWriter {
  /** Only the first `length` bytes are written. Another buffer may stand here after each call. */
  buffer: Buffer;
  length = 0;
  #view: DataView;
  #written: Buffer;

  constructor(capacity = 4_096) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.buffer.buffer);
    this.#written = this.buffer;
  }

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
    this.#view = new DataView(larger.buffer);
    this.#written = larger;
  }

  /** Takes what the other one holds, and gives it what was here. */
  exchange(other: ByteWriter): void {
    const { buffer, length } = this;
    const view = this.#view;
    const written = this.#written;
    this.buffer = other.buffer;
    this.length = other.length;
    this.#view = other.#view;
    this.#written = other.#written;
    other.buffer = buffer;
    other.length = length;
    other.#view = view;
    other.#written = written;
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
  append(other: ByteWriter): void {
    this.bytes(other.written);
  }

  /** What is known beforehand. */
  fixed({ length: count, words }: FixedText): void {
    this.reserve(words.length * 8);
    const { length } = this;
    const view = this.#view;
    for (let index = 0; index < words.length; index++) view.setFloat64(length + index * 8, words[index] as number);
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
    if (count > fewCharacters || !this.#putPlain(text, length + 1)) {
      this.text(JSON.stringify(text));
      return;
    }
    buffer[length] = 0x22;
    buffer[length + 1 + count] = 0x22;
    this.length = length + count + 2;
  }

  /** As {@link ByteWriter.putAscii}, of text that stands in JSON as it is. */
  #putPlain(text: string, offset: number): boolean {
    const { buffer } = this;
    const count = text.length;
    for (let index = 0; index < count; index++) {
      const code = charCodeAt(text, index);
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
      buffer[offset + index] = code;
    }
    return true;
  }

  /** A number in decimal digits. */
  number(value: number): void {
    if (value < 0 || value > 0x7fffffff || Math.trunc(value) !== value) {
      this.ascii(String(value));
      return;
    }
    let rest = value | 0;
    let digits = 1;
    for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits += 1;
    this.reserve(digits);
    const view = this.#view;
    this.length += digits;
    let at = this.length;
    while (rest >= 10) {
      const shorter = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, pairs[rest - shorter * 100] as number);
      rest = shorter;
      digits -= 2;
    }
    if (digits > 0) view.setUint8(at - 1, 48 + rest);
  }

  /** Two bytes, the first one from the upper half of the number. */
  pair(bytes: number): void {
    this.reserve(2);
    this.#view.setUint16(this.length, bytes);
    this.length += 2;
  }

  /** What is written, valid until the next call. */
  get written(): Buffer {
    if (this.#written.length !== this.length) this.#written = this.buffer.subarray(0, this.length);
    return this.#written;
  }
}
