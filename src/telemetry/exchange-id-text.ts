import { Buffer } from 'node:buffer';
import { exchangeIdBegin } from '../http/exchange-id.ts';
import { type ByteWriter, FixedText } from './byte-writer.ts';

const quote = 0x22;

/** Writes the id of an exchange, or of one of its decisions, as JSON. */
export function writeExchangeId(out: ByteWriter, exchange: number, decision?: number): void {
  exchanges.write(out, exchange);
  if (decision !== undefined) decisions.write(out, decision);
  out.byte(quote);
}

/** The numbers that two digits in base 36 can tell apart, and those digits. */
const few = 36 * 36;
const lastDigits = Uint16Array.from({ length: few }, (_, value) =>
  Buffer.from(value.toString(36).padStart(2, '0')).readUint16BE(),
);

/** Writes numbers in base 36 behind a text. They go up by one, so nearly all differ from the one before in two digits. */
class CountedText {
  readonly #text: string;
  #high = -1;
  #begin = new FixedText('');

  constructor(text: string) {
    this.#text = text;
  }

  write(out: ByteWriter, number: number): void {
    const high = Math.floor(number / few);
    if (high !== this.#high) {
      this.#high = high;
      this.#begin = new FixedText(this.#text + (high === 0 ? '' : high.toString(36)));
    }
    out.fixed(this.#begin);
    const low = number - high * few;
    if (high === 0) out.ascii(low.toString(36));
    else out.pair(lastDigits[low] as number);
  }
}

const exchanges = new CountedText(`"${exchangeIdBegin}`);
const decisions = new CountedText('-');
