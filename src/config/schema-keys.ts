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
    const field = fieldOf(parent, step);
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

const unsupported = new WeakMap<Schema, WeakMap<object, readonly UnsupportedField[]>>();

/**
 * Finds the fields of a value that its schema marks as not offered. What has been read is never changed in place, and of
 * thousands of objects one changes at a time: the others are not walked again.
 */
export function unsupportedFields(schema: Schema, value: unknown): readonly UnsupportedField[] {
  if (typeof value !== 'object' || value === null) return [];
  const known = unsupported.get(schema) ?? new WeakMap<object, readonly UnsupportedField[]>();
  unsupported.set(schema, known);
  const fields = known.get(value) ?? findUnsupported(unwrap(schema), value, []);
  known.set(value, fields);
  return fields;
}

function findUnsupported(parents: readonly Schema[], value: unknown, path: KeyPath): UnsupportedField[] {
  // Most schemas have no such field anywhere below them: then values need not be walked.
  if (typeof value !== 'object' || value === null || !parents.some(mayMark)) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const schemas = parents.flatMap((parent) => fieldOf(parent, key) ?? []);
    const marked = schemas.map(markOf).find((meta) => meta?.unsupported);
    if (marked?.unsupported === undefined) return findUnsupported(schemas.flatMap(unwrap), field, here);
    return [{ path: here, how: marked.unsupported, description: marked.description }];
  });
}

function fieldOf(parent: Schema, key: string | number): Schema | undefined {
  const { shape, element, valueType } = definition(parent);
  return shape?.[key] ?? element ?? valueType;
}

function markOf(schema: Schema) {
  return z.globalRegistry.get(schema);
}

const marking = new WeakMap<Schema, boolean>();

/** True when a field somewhere below may be marked as not offered. */
function mayMark(schema: Schema): boolean {
  const known = marking.get(schema);
  if (known !== undefined) return known;
  // A schema that contains itself adds nothing to the answer.
  marking.set(schema, false);
  const { shape, element, valueType } = definition(schema);
  const fields = [...Object.values(shape ?? {}), element, valueType].filter((field) => field !== undefined);
  const answer = fields.some((field) => markOf(field)?.unsupported !== undefined || unwrap(field).some(mayMark));
  marking.set(schema, answer);
  return answer;
}

const unwrapped = new WeakMap<Schema, readonly Schema[]>();

/** The schemas that a value may follow, without the wrappers around them: several where there is a union. */
function unwrap(schema: Schema): readonly Schema[] {
  const known = unwrapped.get(schema);
  if (known !== undefined) return known;
  const { innerType, in: input, options, left, right, getter } = definition(schema);
  const inner = [innerType, input, ...(options ?? []), left, right, getter?.()].filter((found) => found !== undefined);
  const result = inner.length === 0 ? [schema] : inner.flatMap(unwrap);
  unwrapped.set(schema, result);
  return result;
}

function definition(schema: Schema): Definition {
  return schema._zod.def as Definition;
}
