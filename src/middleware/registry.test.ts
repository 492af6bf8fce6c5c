import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { foreignMiddlewareTypes, middlewareDefinitions } from './registry.ts';

interface JsonSchema {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Paths of fields without a description, and of objects that take unknown keys. */
function findGaps(schema: JsonSchema, path: string): string[] {
  const gaps: string[] = [];
  if (schema.properties !== undefined && schema.additionalProperties !== false) gaps.push(`${path}: not strict`);
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if ((field.description ?? '') === '') gaps.push(`${path}.${key}: not described`);
    gaps.push(...findGaps(field, `${path}.${key}`));
  }
  if (schema.items !== undefined) gaps.push(...findGaps(schema.items, `${path}[]`));
  for (const option of schema.anyOf ?? []) gaps.push(...findGaps(option, path));
  return gaps;
}

describe('the registry', () => {
  it.each(middlewareDefinitions.map((definition) => [definition.type, definition] as const))(
    '[AR-definitions] %s describes itself: strict options, every field with a sentence',
    (_type, definition) => {
      const schema = z.toJSONSchema(definition.options, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
      expect(findGaps(schema, '')).toEqual([]);
      expect(definition.summary).toMatch(/\.$/);
    },
  );

  it('has each type once, in alphabetical order of their files', () => {
    const types = middlewareDefinitions.map(({ type }) => type.replace('plugin.', ''));
    expect(new Set(types).size).toBe(types.length);
    expect(types).toEqual(types.toSorted());
  });

  it('calls no type foreign that is here', () => {
    for (const { type } of middlewareDefinitions) expect(foreignMiddlewareTypes.has(type)).toBe(false);
  });
});
