import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scanJsonText, stringify } from '../../http/json.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { AuditEntry } from './audit-entry.ts';
import { encodeEntry } from './encode-entry.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n', '\ud800', 'é'));
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const entries: fc.Arbitrary<AuditEntry> = fc.record({
  type: fc.constantFrom('decision', 'list-filtered', 'authentication-failure', 'configuration'),
  time: fc.integer({ min: 0, max: 4e12 }),
  outcome: fc.constantFrom('allow', 'deny', 'filtered', 'refused', 'loaded', 'rejected'),
  exchange: maybe(text),
  router: maybe(text),
  client: maybe(text),
  identity: maybe(fc.record({ kind: text, issuer: maybe(text), subject: maybe(text) })),
  mcp: maybe(
    fc.record({
      kind: text,
      method: maybe(text),
      name: maybe(text),
      uri: maybe(text),
      requestId: maybe(text),
      protocolVersion: maybe(text),
    }),
  ),
  decision: maybe(
    fc.record({
      id: text,
      reason: text,
      rule: maybe(fc.nat()),
      ruleName: maybe(text),
      middleware: text,
      policySet: text,
    }),
  ),
  fields: maybe(
    fc
      .json()
      .filter((json) => !json.includes('"__proto__"'))
      .map((json) => new Map([['jwt.sub', 'x"'], ['mcp.params.arguments', scanJsonText(json)] as const])),
  ),
  claimsOnly: maybe(fc.boolean()),
  absent: maybe(fc.array(text)),
  withheld: maybe(fc.array(text)),
  hidden: maybe(fc.nat()),
  errorType: maybe(text),
  status: maybe(fc.nat()),
  generation: maybe(fc.nat()),
  problems: maybe(fc.nat()),
  trace: maybe(text),
});

test('a record says what JSON.stringify would say of the entry, on one line', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      const writer = new ByteWriter();
      encodeEntry(writer, entry);
      const encoded = writer.written.toString('utf8');
      expect(encoded).not.toContain('\n');
      const fields =
        entry.fields === undefined
          ? undefined
          : Object.fromEntries([...entry.fields].map(([path, value]) => [path, JSON.parse(stringify(value))]));
      expect(JSON.parse(`{${encoded}}`)).toEqual(
        JSON.parse(
          JSON.stringify({ ...entry, time: new Date(entry.time).toISOString(), fields, claimsOnly: undefined }),
        ),
      );
    }),
  );
});

test('a record says the same whatever was written before it', () => {
  fc.assert(
    fc.property(
      fc.array(entries, { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (known, order) => {
        const alone = known.map((entry) => parsed(entry));
        for (const place of order) {
          const index = place % known.length;
          expect(parsed(known[index] as AuditEntry)).toEqual(alone[index]);
        }
      },
    ),
  );
});

function parsed(entry: AuditEntry): unknown {
  const writer = new ByteWriter();
  encodeEntry(writer, entry);
  return JSON.parse(`{${writer.written.toString('utf8')}}`);
}
