import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exchangeId } from '../http/exchange-id.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeExchangeId } from './exchange-id-text.ts';

const number = fc.oneof(fc.nat(2 * 36 ** 2), fc.nat(), fc.maxSafeNat());

test('an id is written as it is read, whichever was written before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.option(number, { nil: undefined }))), (ids) => {
      const out = new ByteWriter();
      for (const [exchange, decision] of ids) {
        out.length = 0;
        writeExchangeId(out, exchange, decision);
        const end = decision === undefined ? '' : `-${decision.toString(36)}`;
        expect(out.written.toString()).toBe(`"${exchangeId(exchange)}${end}"`);
      }
    }),
  );
});
