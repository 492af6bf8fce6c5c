import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/telemetry/byte-writer.ts';
import { compileEnvelope } from '../../src/telemetry/otlp/envelope.ts';
import { writeLogRecord } from '../../src/telemetry/otlp/log-record.ts';
import { writeNanoseconds } from '../../src/telemetry/otlp/protobuf.ts';
import { attributesOf, decodeRequest } from './otlp-schema.ts';

interface DecodedLogs {
  readonly resources: readonly {
    readonly resource: { readonly attributes: unknown };
    readonly scopes: readonly {
      readonly scope: object;
      readonly records: readonly {
        readonly severity: number;
        readonly body: { readonly stringValue: string };
        readonly attributes: unknown;
        readonly eventName?: string;
      }[];
    }[];
  }[];
}

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 300 }),
  fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'y'.repeat(16_383), 'y'.repeat(16_400), 'z'.repeat(2_100_000)),
);

describe('what we encode', () => {
  test('[TEL-encoding] another decoder reads back: texts of every length, numbers, booleans', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            body: texts,
            severity: fc.constantFrom('debug', 'info', 'warn', 'error'),
            attributes: fc.dictionary(
              fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((name) => name !== '__proto__'),
              fc.oneof(texts, fc.nat(), fc.maxSafeNat(), fc.integer(), fc.boolean(), fc.double({ noNaN: true })),
              { maxKeys: 4 },
            ),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), texts, {
          maxKeys: 3,
          noNullPrototype: true,
        }),
        (records, resource) => {
          const envelope = compileEnvelope(resource);
          const out = new ByteWriter(16);
          out.skip(envelope.room);
          for (const record of records) writeLogRecord(out, { ...record, time: 1, eventName: 'e' });
          const decoded = decodeRequest('Logs', envelope.close(out)) as unknown as DecodedLogs;
          const [only] = decoded.resources;
          expect(attributesOf(only?.resource.attributes)).toEqual({ ...resource });
          const read = only?.scopes[0]?.records ?? [];
          expect(read.map(({ body }) => body.stringValue)).toEqual(records.map(({ body }) => body.toWellFormed()));
          expect(read.map(({ attributes }) => Object.entries(attributesOf(attributes)))).toEqual(
            records.map(({ attributes }) =>
              Object.entries(attributes).map(([name, value]) => [
                name,
                typeof value === 'string' ? value.toWellFormed() : value === 0 ? 0 : value,
              ]),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('[TEL-encoding] times keep their nanoseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 255 }), (whole, fraction) => {
        const out = new ByteWriter(4);
        // Such fractions are exact in a double.
        writeNanoseconds(out, 1, whole + fraction / 256);
        const expected = BigInt(whole) * 1_000_000n + BigInt(Math.round((fraction / 256) * 1e6));
        expect(out.written.readBigUInt64LE(1)).toBe(expected);
      }),
    );
  });
});
