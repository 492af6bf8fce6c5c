import type * as z from 'zod';
import { type Diagnostic, nearest } from '../errors.ts';
import type { KeyPath } from './dynamic/model.ts';

/** Makes a diagnostic at a place of the operator's file; `key` points at the key itself instead of its value. */
export type DiagnoseAt = (
  problem: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>,
  path: KeyPath,
  options?: { key?: boolean },
) => Diagnostic;

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

type Issue = z.core.$ZodIssue;

/**
 * Decodes a plain value by a schema. Every problem becomes a diagnostic with its place; unknown keys come with the
 * nearest known one. Values themselves are never quoted: they may be secrets.
 */
export function decode<T>(schema: z.ZodType<T>, value: unknown, diagnoseAt: DiagnoseAt): Decoded<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    diagnostics: result.error.issues.flatMap((issue) => explain(issue, [], schema, value, diagnoseAt)),
  };
}

function explain(
  issue: Issue,
  base: KeyPath,
  schema: z.core.$ZodType,
  value: unknown,
  diagnoseAt: DiagnoseAt,
): Diagnostic[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const where = path.length === 0 ? '' : ` at ${formatPath(path)}`;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const suggestion = nearest(key, known);
      const listing = known.length === 0 || known.length > 12 ? undefined : `known here: ${known.join(', ')}`;
      return diagnoseAt(
        {
          code: 'CONFIG_UNKNOWN_KEY',
          severity: 'error',
          message: `unknown key ${key}${where}`,
          hint: suggestion === undefined ? listing : `did you mean ${suggestion}?`,
        },
        [...path, key],
        { key: true },
      );
    });
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliestBranch(issue.errors, valueAt(value, path));
    if (branch !== undefined) return branch.flatMap((one) => explain(one, path, schema, value, diagnoseAt));
  }
  if (issue.code === 'invalid_type' && valueAt(value, path) === undefined && path.length > 0) {
    const message = `missing key ${formatPath(path)} (${issue.expected})`;
    return [diagnoseAt({ code: 'CONFIG_MISSING_KEY', severity: 'error', message, hint: undefined }, path.slice(0, -1))];
  }
  const message = `${describeIssue(issue)}${where}`;
  return [diagnoseAt({ code: 'CONFIG_INVALID_VALUE', severity: 'error', message, hint: undefined }, path)];
}

/** The alternative of a union that the author most likely meant: the one that gets furthest into the value. */
function likeliestBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  if (value === undefined) return undefined;
  let best: readonly Issue[] | undefined;
  let bestScore = 0;
  for (const branch of branches) {
    const score = Math.max(
      0,
      ...branch.map((issue) => issue.path.length * 2 + (issue.code === 'unrecognized_keys' ? 1 : 0)),
    );
    if (score > bestScore) {
      best = branch;
      bestScore = score;
    }
  }
  return best;
}

function describeIssue(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((one) => (typeof one === 'string' ? one : String(one))).join(' or ')}`;
    case 'too_small':
      return `too small: at least ${issue.minimum}`;
    case 'too_big':
      return `too large: at most ${issue.maximum}`;
    case 'custom':
      return issue.message;
    default:
      return issue.message === 'Invalid input' ? 'not a valid value' : issue.message;
  }
}

/** `spec.plugin.mcp.policies[0].match` for people. */
export function formatPath(path: KeyPath): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** The keys that a schema knows at a path, for suggestions. */
export function knownKeys(schema: z.core.$ZodType, path: KeyPath): string[] {
  const [step, ...rest] = path;
  const def = schema._zod.def as Definition;
  switch (def.type) {
    case 'object': {
      if (step === undefined) return Object.keys(def.shape ?? {});
      const next = def.shape?.[String(step)] ?? def.catchall;
      return next === undefined ? [] : knownKeys(next, rest);
    }
    case 'array':
      return step === undefined || def.element === undefined ? [] : knownKeys(def.element, rest);
    case 'record':
      return step === undefined || def.valueType === undefined ? [] : knownKeys(def.valueType, rest);
    case 'union':
      return [...new Set((def.options ?? []).flatMap((option) => knownKeys(option, path)))];
    case 'intersection':
      return [def.left, def.right].flatMap((side) => (side === undefined ? [] : knownKeys(side, path)));
    case 'lazy':
      return def.getter === undefined ? [] : knownKeys(def.getter(), path);
    case 'pipe':
      return def.in === undefined ? [] : knownKeys(def.in, path);
    default:
      return def.innerType === undefined ? [] : knownKeys(def.innerType, path);
  }
}

/** The parts of zod's definitions that matter here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
}
