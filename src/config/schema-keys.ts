import * as z from 'zod';
import type { KeyPath } from './dynamic/model.ts';

type Schema = z.core.$ZodType;
/** What zod keeps of a schema, as far as it says which keys are known. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly options?: readonly Schema[];
  readonly left?: Schema;
  readonly right?: Schema;
  readonly getter?: () => Schema;
}

/** The keys that a schema knows at a path. */
export function keysAt(schema: Schema, path: KeyPath): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((found) => Object.keys(definition(found).shape ?? {})))];
}

/** The schemas that hold at a path, unwrapped: several where there is a union. */
function schemasAt(schema: Schema, path: KeyPath): Schema[] {
  return fieldsAt(schema, path).flatMap(unwrap);
}

/** The schemas of a field as they were written: optional, with defaults, with their metadata. */
function fieldsAt(schema: Schema, path: KeyPath): Schema[] {
  const step = path.at(-1);
  if (step === undefined) return [schema];
  return schemasAt(schema, path.slice(0, -1)).flatMap((parent) => {
    const { shape, element, valueType } = definition(parent);
    const field = shape?.[String(step)] ?? element ?? valueType;
    return field === undefined ? [] : [field];
  });
}

/** A field that is present and that the schema marks as not offered. */
export interface UnsupportedField {
  readonly path: KeyPath;
  readonly how: 'ignored' | 'refused';
  /** The field's description: what happens instead. */
  readonly description: string | undefined;
}

/** Finds the fields of a value that its schema marks as not offered. */
export function unsupportedFields(schema: Schema, value: unknown, path: KeyPath = []): UnsupportedField[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const marked = fieldsAt(schema, here)
      .map((found) => z.globalRegistry.get(found))
      .find((meta) => meta?.unsupported);
    if (marked?.unsupported === undefined) return unsupportedFields(schema, field, here);
    return [{ path: here, how: marked.unsupported, description: marked.description }];
  });
}

function unwrap(schema: Schema): Schema[] {
  const { innerType, in: input, options, left, right, getter } = definition(schema);
  const inner = [innerType, input, ...(options ?? []), left, right, getter?.()].filter((found) => found !== undefined);
  return inner.length === 0 ? [schema] : inner.flatMap(unwrap);
}

function definition(schema: Schema): Definition {
  return schema._zod.def as Definition;
}
