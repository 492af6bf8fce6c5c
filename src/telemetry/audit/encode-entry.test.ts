import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exchangeId } from '../../http/exchange-id.ts';
import { type JsonValue, scanJsonText, stringify } from '../../http/json.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { AuditEntry } from './audit-entry.ts';
import { encodeEntry } from './encode-entry.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n', '\ud800', 'é'));
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const json = fc
  .json()
  .filter((json) => !json.includes('"__proto__"'))
  .map((json) => scanJsonText(json));
const value = maybe(fc.oneof(json, fc.constantFrom('x"', null)));
const shapes = [
  { paths: ['jwt.sub', 'jwt."x"', 'mcp.params.arguments'], withheld: [false, false, true] },
  { paths: ['jwt.sub', 'jwt."x"', 'mcp.params.name'], withheld: [false, false, false] },
];

const entries: fc.Arbitrary<AuditEntry> = fc.record({
  type: fc.constantFrom('decision', 'list-filtered', 'authentication-failure', 'configuration'),
  time: fc.integer({ min: 0, max: 4e12 }),
  outcome: fc.constantFrom('allow', 'deny', 'filtered', 'refused', 'loaded', 'rejected'),
  exchange: maybe(fc.nat()),
  router: maybe(text),
  client: maybe(text),
  identity: maybe(fc.record({ kind: text, issuer: maybe(text), subject: maybe(text) })),
  kind: maybe(text),
  method: maybe(text),
  name: maybe(text),
  uri: maybe(text),
  requestId: maybe(text),
  protocolVersion: maybe(text),
  decision: maybe(
    fc.record({
      id: text,
      number: fc.nat(),
      reason: text,
      rule: maybe(fc.nat()),
      ruleName: maybe(text),
      middleware: text,
      policySet: text,
    }),
  ),
  reading: maybe(
    fc.record({
      shape: fc.constantFrom(...shapes),
      values: fc.tuple(value, value, value),
      subject: maybe(fc.tuple(fc.constant('mcp.params.ref'), json)),
      claimsOnly: fc.boolean(),
    }),
  ),
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
      expect(JSON.parse(`{${encoded}}`)).toEqual(JSON.parse(JSON.stringify(recordOf(entry))));
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

/** What a record should say, by its members. */
function recordOf(entry: AuditEntry): unknown {
  const { kind, method, name, uri, requestId, protocolVersion, reading, decision, exchange, ...rest } = entry;
  const begin = exchange === undefined ? undefined : exchangeId(exchange);
  const fields = (reading?.shape.paths ?? []).map((path, index) => ({
    path,
    value: reading?.values[index],
    withheld: reading?.shape.withheld[index] === true,
  }));
  const present = fields.filter((field) => field.value !== undefined);
  const told = present.filter((field) => !field.withheld).map(({ path, value }) => [path, value] as const);
  if (reading?.subject !== undefined) told.push(reading.subject);
  const unlessNone = <Member>(members: readonly Member[]) => (members.length === 0 ? undefined : members);
  const plain = told.map(([path, value]) => [path, JSON.parse(stringify(value as JsonValue))] as const);
  return {
    ...rest,
    time: new Date(entry.time).toISOString(),
    exchange: begin,
    decision: decision && {
      ...decision,
      id: begin === undefined ? decision.id : `${begin}-${decision.number.toString(36)}`,
      number: undefined,
    },
    mcp: kind === undefined ? undefined : { kind, method, name, uri, requestId, protocolVersion },
    absent: unlessNone(fields.filter((field) => field.value === undefined).map(({ path }) => path)),
    withheld: unlessNone(present.filter((field) => field.withheld).map(({ path }) => path)),
    fields: told.length === 0 ? undefined : Object.fromEntries(plain),
  };
}
