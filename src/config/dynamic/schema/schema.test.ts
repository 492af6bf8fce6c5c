import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { priority } from './load-balancing.ts';
import { objectKinds } from './object-kinds.ts';
import { routingFile } from './routing-file.ts';

type JsonSchema = { readonly [key: string]: unknown };
const schemas = [
  ...objectKinds.map(({ kind, schema }) => [kind, schema] as const),
  ['routing file', routingFile] as const,
];

/** Every mapping with named fields in a JSON Schema. */
function* objects(schema: unknown, path: string): Generator<[string, JsonSchema]> {
  if (typeof schema !== 'object' || schema === null) return;
  const node = schema as JsonSchema;
  if (node['type'] === 'object' && 'properties' in node) yield [path, node];
  for (const [key, value] of Object.entries(node)) yield* objects(value, `${path}.${key}`);
}

describe.each(schemas)('%s', (_, schema) => {
  const found = [...objects(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }), '')];

  it('[AR-strict] knows all its keys, and refuses others', () => {
    expect(found.length).toBeGreaterThan(0);
    for (const [path, node] of found) expect([path, node['additionalProperties']]).toEqual([path, false]);
  });

  it('describes every field in a sentence', () => {
    for (const [path, node] of found) {
      for (const [key, field] of Object.entries(node['properties'] as Record<string, JsonSchema>)) {
        expect([`${path}.${key}`, field['description']]).toEqual([
          `${path}.${key}`,
          expect.stringMatching(/^[A-Z`0-9].*[.`]$/s),
        ]);
      }
    }
  });
});

it.each([
  ['9223372036854774807', true],
  ['-9223372036854775808', true],
  ['0', true],
  ['1.5', false],
  ['"1"', false],
])('a priority may be as large as Go allows: %s', (text, allowed) => {
  expect(priority.safeParse(JSON.parse(text)).success).toBe(allowed);
});
