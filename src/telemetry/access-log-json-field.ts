import { type ByteWriter, FixedText } from './byte-writer.ts';
import { writeExchangeId } from './exchange-id-text.ts';
import { redacted } from './scrub.ts';

const redactedText = new FixedText(JSON.stringify(redacted));

/** A member of a line of JSON, with a comma in front. */
export class JsonField {
  readonly #key: FixedText;
  readonly #redact: boolean;

  constructor(name: string, redact: boolean) {
    this.#key = new FixedText(`,${JSON.stringify(name)}:`);
    this.#redact = redact;
  }

  /** Nothing is written for what is absent. */
  write(out: ByteWriter, value: string | number | boolean | undefined): void {
    if (typeof value === 'string') this.text(out, value);
    else if (typeof value === 'number') this.number(out, value);
    else if (value !== undefined && this.#begin(out)) out.ascii(value ? 'true' : 'false');
  }

  text(out: ByteWriter, value: string): void {
    if (this.#begin(out)) out.jsonText(value);
  }

  /** The id of an exchange, or of one of its decisions. */
  id(out: ByteWriter, exchange: number, decision?: number): void {
    if (this.#begin(out)) writeExchangeId(out, exchange, decision);
  }

  number(out: ByteWriter, value: number): void {
    if (!this.#begin(out)) return;
    if (Number.isFinite(value)) out.number(value);
    else out.ascii('null');
  }

  /** Says whether the value shall follow. */
  #begin(out: ByteWriter): boolean {
    out.fixed(this.#key);
    if (this.#redact) out.fixed(redactedText);
    return !this.#redact;
  }
}
