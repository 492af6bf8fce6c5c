import type * as z from 'zod';
import { metaOf, type OptionShape, shapeOf } from './option-shape.ts';
import { type StaticConfiguration, staticSchema } from './schema.ts';

/** One effective install option. */
export interface EffectiveOption {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `duration` (milliseconds) or `bytes`, where the number is one. */
  readonly unit: string | undefined;
  /** The value must not be shown. */
  readonly secret: boolean;
  /** A section that is on and whose options follow: worth telling only where it was switched on by itself. */
  readonly opens?: true;
}

/** Every effective option in the order of the schema; sections that are off are `false`. */
export function flattenConfiguration(configuration: StaticConfiguration): EffectiveOption[] {
  return [...flatten(staticSchema, configuration, [])];
}

function* flatten(schema: z.core.$ZodType, value: unknown, path: readonly string[]): Generator<EffectiveOption> {
  const shape: OptionShape = shapeOf(schema);
  const { unit, secret } = metaOf(schema);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (shape.kind === 'section' && isObject) {
    const inner = value as Readonly<Record<string, unknown>>;
    const given = Object.values(inner).some((each) => each !== undefined);
    if (shape.toggle) yield { path, value: true, unit: undefined, secret: false, ...(given ? { opens: true } : {}) };
    for (const key of shape.keys.values()) yield* flatten(key.schema, inner[key.name], [...path, key.name]);
  } else if (shape.kind === 'map' && isObject) {
    for (const [name, each] of Object.entries(value)) yield* flatten(shape.value, each, [...path, name]);
  } else if (value !== undefined) {
    yield { path, value, unit: typeof unit === 'string' ? unit : undefined, secret: secret === true };
  } else if (shape.kind === 'section' && shape.toggle) {
    yield { path, value: false, unit: undefined, secret: false };
  }
}
