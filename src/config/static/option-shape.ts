import type * as z from 'zod';
import { nearest } from '../../errors.ts';

/** What can be written at a place of the install options, read off its schema. */
export type OptionShape =
  | { readonly kind: 'section'; readonly toggle: boolean; readonly keys: ReadonlyMap<string, OptionKey> }
  /** Names chosen by the operator, or out of `names` when there is a list. */
  | { readonly kind: 'map'; readonly names: readonly string[] | undefined; readonly value: z.core.$ZodType }
  | { readonly kind: 'list'; readonly element: z.core.$ZodType }
  | { readonly kind: 'scalar'; readonly schema: z.core.$ZodType };

export interface OptionKey {
  readonly name: string;
  readonly schema: z.core.$ZodType;
}

const shapes = new WeakMap<z.core.$ZodType, OptionShape>();

/** The shape of a schema. Keys of sections are indexed in lower case: option names are case-insensitive. */
export function shapeOf(schema: z.core.$ZodType): OptionShape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const shape = readShape(unwrap(schema));
  shapes.set(schema, shape);
  return shape;
}

function readShape(schema: z.core.$ZodTypes): OptionShape {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object': {
      const entries = Object.entries(def.shape).map(
        ([name, value]) => [name.toLowerCase(), { name, schema: value }] as const,
      );
      return { kind: 'section', toggle: false, keys: new Map(entries) };
    }
    case 'record': {
      const key = unwrap(def.keyType)._zod.def;
      const names = key.type === 'enum' ? Object.values(key.entries).map(String) : undefined;
      return { kind: 'map', names, value: def.valueType };
    }
    case 'array':
      return { kind: 'list', element: def.element };
    case 'union': {
      const options = def.options.map((option) => shapeOf(option));
      const section = options.find((option) => option.kind === 'section');
      if (section === undefined) return { kind: 'scalar', schema };
      return { ...section, toggle: true };
    }
    default:
      return { kind: 'scalar', schema };
  }
}

/** The schema of what is written, without the wrappers that say when it may be left out or what becomes of it. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodTypes {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
    case 'nonoptional':
      return unwrap(def.innerType);
    case 'pipe':
      return unwrap(def.in);
    default:
      return schema as z.core.$ZodTypes;
  }
}

/** Where a written path leads. */
export type Resolution =
  | { readonly ok: true; readonly path: readonly string[]; readonly shape: OptionShape }
  | {
      readonly ok: false;
      /** Index of the segment that leads nowhere. */
      readonly depth: number;
      readonly message: string;
      /** What was likely meant. */
      readonly suggestion: readonly string[] | undefined;
      /** Option with that name at another place, or the names known here; for a hint when there is no suggestion. */
      readonly hint: string | undefined;
    };

/**
 * Follows a path as written, in any case, to the option's own spelling. `spelling` finds how a name inside a map (an
 * entrypoint's, a header's) has been spelled before.
 */
export function resolvePath(
  root: z.core.$ZodType,
  written: readonly string[],
  spelling: (path: readonly string[], name: string) => string,
): Resolution {
  const path: string[] = [];
  let shape = shapeOf(root);
  for (const [depth, segment] of written.entries()) {
    if (shape.kind === 'section') {
      const key = shape.keys.get(segment.toLowerCase());
      if (key === undefined)
        return unknownKey(
          root,
          path,
          segment,
          [...shape.keys.values()].map((each) => each.name),
          written,
        );
      path.push(key.name);
      shape = shapeOf(key.schema);
    } else if (shape.kind === 'map') {
      const name = shape.names?.find((each) => each.toLowerCase() === segment.toLowerCase());
      if (shape.names !== undefined && name === undefined) return unknownKey(root, path, segment, shape.names, written);
      // No schema would ever see this one.
      if (segment === '__proto__') {
        const message = `${[...path, segment].join('.')}: this cannot be a name`;
        return { ok: false, depth, message, suggestion: undefined, hint: undefined };
      }
      path.push(name ?? spelling(path, segment));
      shape = shapeOf(shape.value);
    } else {
      const what = shape.kind === 'list' ? 'a list' : 'a single value';
      return {
        ok: false,
        depth,
        message: `${path.join('.')} takes ${what}, there is nothing below it`,
        suggestion: undefined,
        hint: undefined,
      };
    }
  }
  return { ok: true, path, shape };
}

function unknownKey(
  root: z.core.$ZodType,
  path: readonly string[],
  segment: string,
  names: readonly string[],
  written: readonly string[],
): Resolution {
  const full = [...path, segment].join('.');
  const near = nearest(segment, names);
  const rest = written.slice(path.length + 1);
  const elsewhere = optionPaths(root).find((each) => each.at(-1)?.toLowerCase() === segment.toLowerCase());
  return {
    ok: false,
    depth: path.length,
    message: `unknown option ${full}`,
    suggestion: near === undefined ? undefined : [...path, near, ...rest],
    hint: elsewhere === undefined ? `known here: ${names.join(', ')}` : `there is ${elsewhere.join('.')}`,
  };
}

/** Every path of a schema, with `<name>` where the operator chooses a name. */
export function optionPaths(schema: z.core.$ZodType, path: readonly string[] = []): (readonly string[])[] {
  const shape = shapeOf(schema);
  const own = path.length === 0 ? [] : [path];
  if (shape.kind === 'section') {
    return [...own, ...[...shape.keys.values()].flatMap((key) => optionPaths(key.schema, [...path, key.name]))];
  }
  if (shape.kind === 'map') return [...own, ...optionPaths(shape.value, [...path, '<name>'])];
  return own;
}

/** True when the option at the end of a resolved path (or a section around it) is marked `secret` in its schema. */
export function isSecret(root: z.core.$ZodType, path: readonly string[]): boolean {
  let schema: z.core.$ZodType | undefined = root;
  for (const segment of path) {
    const shape: OptionShape = shapeOf(schema);
    if (shape.kind === 'section') schema = shape.keys.get(segment.toLowerCase())?.schema;
    else if (shape.kind === 'map') schema = shape.value;
    else return false;
    if (schema === undefined) return false;
    if (metaOf(schema)['secret'] === true) return true;
  }
  return false;
}

/** What `.meta()` says about a schema, inner wrappers included. */
export function metaOf(schema: z.core.$ZodType): Readonly<Record<string, unknown>> {
  const own = (schema as z.ZodType).meta?.() ?? {};
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def && def.innerType !== undefined) return { ...metaOf(def.innerType as z.core.$ZodType), ...own };
  if (def.type === 'pipe') return { ...metaOf(def.in), ...own };
  return own;
}
