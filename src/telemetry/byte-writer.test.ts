import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter, FixedText } from './byte-writer.ts';

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
);

test('what is written is what Buffer and JSON would write, whatever the room', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('text' as const), value: texts }),
          fc.record({ kind: fc.constant('jsonText' as const), value: texts }),
          fc.record({ kind: fc.constant('number' as const), value: fc.oneof(fc.nat(), fc.integer(), fc.double()) }),
          fc.record({ kind: fc.constant('pair' as const), value: fc.nat(0xffff) }),
          fc.record({ kind: fc.constant('fixed' as const), value: texts }),
          fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 100 }) }),
          fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
          fc.record({
            kind: fc.constant('ascii' as const),
            value: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
          }),
        ),
      ),
      fc.integer({ min: 1, max: 64 }),
      (pieces, capacity) => {
        const writer = new ByteWriter(capacity);
        const expected: Buffer[] = [];
        for (const { kind, value } of pieces) {
          if (kind === 'text') writer.text(value);
          else if (kind === 'jsonText') writer.jsonText(value);
          else if (kind === 'number') writer.number(value);
          else if (kind === 'pair') writer.pair(value);
          else if (kind === 'fixed') writer.fixed(new FixedText(value));
          else if (kind === 'bytes') writer.bytes(value);
          else if (kind === 'byte') writer.byte(value);
          else writer.ascii(value);
          if (kind === 'pair') expected.push(Buffer.from([value >> 8, value & 0xff]));
          else if (typeof value !== 'object' && kind !== 'byte')
            expected.push(Buffer.from(kind === 'jsonText' ? JSON.stringify(value) : String(value)));
          else expected.push(kind === 'byte' ? Buffer.from([value]) : Buffer.from(value as Uint8Array));
        }
        expect(writer.written.toString('hex')).toBe(Buffer.concat(expected).toString('hex'));
        const copy = new ByteWriter(1);
        copy.append(writer);
        expect(copy.written.equals(writer.written)).toBe(true);
        const other = new ByteWriter(capacity);
        other.number(capacity);
        writer.exchange(other);
        writer.number(7);
        other.fixed(new FixedText('end'));
        expect(writer.written.toString()).toBe(`${capacity}7`);
        expect(other.written.toString('hex')).toBe(`${copy.written.toString('hex')}656e64`);
      },
    ),
  );
});
