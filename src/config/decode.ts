import type * as z from 'zod';
import { type Diagnostic, nearest } from '../errors.ts';
import { diagnose, type Pointer, type Problem } from './diagnose.ts';
import type { KeyPath } from './dynamic/model.ts';
import { keysAt } from './schema-keys.ts';

export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Diagnostic[] };

/**
 * What has passed, by the data itself: of thousands of objects one changes, and the others need not be checked again. Data
 * is never changed in place, and neither is what is decoded from it.
 */
const passed = new WeakMap<object, { readonly schema: z.ZodType; readonly result: unknown }>();

/**
 * Checks data against a strict schema and turns what is wrong into diagnostics at the operator's own lines. Messages name
 * keys and expectations, never the value that was found.
 *
 * @param path where `value` stands inside the origin
 */
export function decode<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  origin: Pointer,
  path: KeyPath = [],
): Decoded<Value> {
  const known = typeof value === 'object' && value !== null ? passed.get(value) : undefined;
  if (known?.schema === schema) return { ok: true, value: known.result as Value };
  const result = schema.safeParse(value);
  if (result.success) {
    if (typeof value === 'object' && value !== null) passed.set(value, { schema, result: result.data });
    return { ok: true, value: result.data };
  }
  const problems = result.error.issues.flatMap((issue) => explain(issue, [], { schema, value, origin, path }));
  return { ok: false, problems };
}

interface Subject {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly origin: Pointer;
  readonly path: KeyPath;
}
type Issue = z.core.$ZodIssue;

function explain(issue: Issue, above: KeyPath, subject: Subject): Diagnostic[] {
  const inside = [...above, ...(issue.path as KeyPath)];
  const at = (problem: Omit<Problem, 'severity'>, path: KeyPath = inside, key = false): Diagnostic =>
    diagnose(subject.origin, [...subject.path, ...path], { severity: 'error', ...problem }, { key });
  const found = valueAt(subject.value, inside);
  const name = nameOf(inside, subject.path);

  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(subject.schema, inside).filter((key) => !Object.hasOwn(Object(found), key));
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const listed = known.length === 0 ? undefined : `keys that can stand here: ${known.join(', ')}`;
      const hint = near === undefined ? listed : `did you mean \`${near}\`?`;
      return at({ code: 'CONFIG_UNKNOWN_KEY', message: `unknown key \`${key}\``, hint }, [...inside, key], true);
    });
  }
  if (found === undefined && issue.code !== 'custom') {
    return [at({ code: 'CONFIG_MISSING_KEY', message: `${name} is missing`, hint: undefined })];
  }
  if (issue.code === 'invalid_union') return explainUnion(issue, inside, found, name, subject, at);
  const invalid = { code: 'CONFIG_INVALID_VALUE' } as const;
  switch (issue.code) {
    case 'invalid_type':
      return [
        at({
          ...invalid,
          message: `${name} must be ${typeNames[issue.expected] ?? issue.expected}, not ${issue.expected === 'int' && typeof found === 'number' ? 'a fraction' : kindOf(found)}`,
          hint: typeHint(issue.expected, found),
        }),
      ];
    case 'invalid_value': {
      const near = typeof found === 'string' ? nearest(found, issue.values.map(String)) : undefined;
      const values = issue.values.map((value) => `\`${String(value)}\``).join(', ');
      const message = issue.values.length === 1 ? `${name} can only be ${values}` : `${name} must be one of ${values}`;
      return [at({ ...invalid, message, hint: near === undefined ? undefined : `did you mean \`${near}\`?` })];
    }
    case 'invalid_key':
      return [
        at(
          { ...invalid, message: `the key ${name} ${issue.issues[0]?.message ?? 'is not allowed'}`, hint: undefined },
          inside,
          true,
        ),
      ];
    case 'too_small':
    case 'too_big':
      return [at({ ...invalid, message: sentence(name, boundMessage(issue)), hint: undefined })];
    default:
      return [at({ ...invalid, message: sentence(name, issue.message), hint: undefined })];
  }
}

/** Of a union, the branch that the value was meant for: the one that agrees on its type. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  inside: KeyPath,
  found: unknown,
  name: string,
  subject: Subject,
  at: (problem: Omit<Problem, 'severity'>) => Diagnostic,
): Diagnostic[] {
  const meant = issue.errors.find(
    (branch) => branch.length > 0 && !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  if (meant !== undefined) return meant.flatMap((inner) => explain(inner, inside, subject));
  const expected = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_type' ? [typeNames[inner.expected] ?? inner.expected] : []));
  const message =
    expected.length === 0
      ? sentence(name, issue.message)
      : `${name} must be ${[...new Set(expected)].join(' or ')}, not ${kindOf(found)}`;
  return [at({ code: 'CONFIG_INVALID_VALUE', message, hint: undefined })];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  null: 'empty',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeNames[typeof value] ?? typeof value;
}

function typeHint(expected: string, found: unknown): string | undefined {
  if (expected === 'boolean' && typeof found === 'string') {
    if (/^(?:yes|on|y|true)$/i.test(found)) return 'write `true`, without quotes';
    if (/^(?:no|off|n|false)$/i.test(found)) return 'write `false`, without quotes';
  }
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) return 'put it in quotes';
  if ((expected === 'number' || expected === 'int') && typeof found === 'string' && /^-?[0-9.]+$/.test(found))
    return 'remove the quotes';
  if (expected === 'array' && found !== null && !Array.isArray(found))
    return 'begin each entry with `- `, on a line of its own';
  return undefined;
}

/** Zod's own words for bounds are replaced; a schema's are kept. */
function boundMessage(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (!/^Too (?:small|big)/.test(issue.message)) return issue.message;
  const [side, bound] = issue.code === 'too_small' ? ['least', issue.minimum] : ['most', issue.maximum];
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  return unit === '' ? `must be at ${side} ${bound}` : `must have at ${side} ${bound}${unit}`;
}

/** A schema's own message continues the sentence that begins with the key's name. */
function sentence(name: string, message: string): string {
  if (/^(?:is|must|needs|cannot|has|can) /.test(message)) return `${name} ${message}`;
  const text = message.replace(/^(?:Too (?:small|big)|Invalid [a-z]+): /, '');
  return `${name}: ${text}`;
}

function nameOf(inside: KeyPath, path: KeyPath): string {
  const whole = [...path, ...inside];
  const last = whole.at(-1);
  if (last === undefined) return 'the document';
  if (typeof last === 'string') return `\`${last}\``;
  const list = whole.at(-2);
  return typeof list === 'string' ? `\`${list}[${last}]\`` : `entry ${last}`;
}

/** What stands at a path in plain data. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((parent, step) => {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, step)) return undefined;
    return (parent as Record<string | number, unknown>)[step];
  }, value);
}
