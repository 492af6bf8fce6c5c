import type * as z from 'zod';
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
export function schemasAt(schema: Schema, path: KeyPath): Schema[] {
  const here = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return here;
  return here.flatMap((found) => {
    const { shape, element, valueType } = definition(found);
    const next = shape?.[String(step)] ?? element ?? valueType;
    return next === undefined ? [] : schemasAt(next, rest);
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
