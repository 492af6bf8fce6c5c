import { exchangeIdBegin } from '../http/exchange-id.ts';
import { type ByteWriter, FixedText } from './byte-writer.ts';

const begin = new FixedText(`"${exchangeIdBegin}`);
const quote = 0x22;
const dash = 0x2d;

/** Writes the id of an exchange, or of one of its decisions, as JSON. */
export function writeExchangeId(out: ByteWriter, exchange: number, decision?: number): void {
  out.fixed(begin);
  out.base36(exchange);
  if (decision !== undefined) {
    out.byte(dash);
    out.base36(decision);
  }
  out.byte(quote);
}
