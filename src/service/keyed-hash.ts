import { createHash } from 'node:crypto';

/**
 * A number in (0, 1) from a text, evenly spread and always the same: FNV-1a (64 bit, as Traefik's) with a finishing mix.
 * Without the mix, names that differ only at their end, as ports do, would get almost equal numbers.
 */
export function unitHash(text: string): number {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // One byte at a time; text outside Latin-1 gives two.
    for (let rest = unit; ; rest >>>= 8) {
      low = (low ^ (rest & 0xff)) >>> 0;
      // times 2^40 + 0x1b3, modulo 2^64
      const product = low * 0x1b3;
      high = (high * 0x1b3 + Math.floor(product / 0x1_0000_0000) + ((low << 8) >>> 0)) >>> 0;
      low = product >>> 0;
      if (rest <= 0xff) break;
    }
  }
  return (mix(high ^ mix(low)) + 0.5) / 0x1_0000_0000;
}

/** MurmurHash3's 32-bit finisher (public domain). */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A short name for a server or service that tells strangers nothing about it; `length` hexadecimal digits. */
export function opaqueTag(name: string, length: number): string {
  return createHash('sha256').update(`portcullis:${name}`).digest('hex').slice(0, length);
}
