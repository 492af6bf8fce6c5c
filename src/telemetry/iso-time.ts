import { Buffer } from 'node:buffer';
import type { ByteWriter } from './byte-writer.ts';

let second = Number.NaN;
let prefix = '';
/** The two times last asked for: the begin and the end of requests of one moment. */
let newest = Number.NaN;
let newestText = '';
let older = Number.NaN;
let olderText = '';

let written = Number.NaN;
const writtenBytes = Buffer.alloc(24);

/** Writes {@link isoTime}; of a moment that was written last, its bytes. Years 0 to 9999. */
export function writeIsoTime(out: ByteWriter, milliseconds: number): void {
  const whole = Math.floor(milliseconds);
  if (whole !== written) {
    writtenBytes.write(isoTime(whole), 'latin1');
    written = whole;
  }
  out.bytes(writtenBytes);
}

/** ISO 8601 with milliseconds, UTC. Most times of one second share their beginning, and dates are dear. */
export function isoTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  if (whole === newest) return newestText;
  if (whole === older) return olderText;
  const at = Math.floor(whole / 1_000);
  if (at !== second) {
    prefix = new Date(at * 1_000).toISOString().slice(0, -4);
    second = at;
  }
  const rest = whole - at * 1_000;
  older = newest;
  olderText = newestText;
  newest = whole;
  newestText = `${prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  return newestText;
}
