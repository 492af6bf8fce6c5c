import { formatDiagnostic } from '../../src/errors.ts';
import { type ObjectValue, plainDiagnostic, type Value } from '../../src/expression/index.ts';
import {
  compilePolicySet,
  type PolicyConfig,
  type PolicyRequest,
  type PolicySet,
  type RecordedFields,
} from '../../src/policy/index.ts';

/** Plain data to write tests with. A number that a double would change is written with {@link number}. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | ExactNumber
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON number by its text. */
export function number(text: string): ExactNumber {
  return new ExactNumber(text);
}

/** The value that a scanner would make of the data. */
export function jsonValue(plain: Plain): Value {
  if (typeof plain === 'number') return { text: Object.is(plain, -0) ? '-0' : String(plain) };
  if (plain instanceof ExactNumber) return { text: plain.text };
  if (Array.isArray(plain)) return plain.map(jsonValue);
  if (typeof plain === 'object' && plain !== null) return objectOf(plain as { readonly [key: string]: Plain });
  return plain as Value;
}

export function objectOf(plain: { readonly [key: string]: Plain }): ObjectValue {
  return new Map(Object.entries(plain).map(([key, member]) => [key, jsonValue(member)]));
}

/** What a test says about a request; everything else is ordinary. */
export interface RequestSketch {
  readonly kind?: PolicyRequest['kind'];
  readonly mcp?: { readonly [key: string]: Plain };
  readonly jwt?: { readonly [key: string]: Plain } | undefined;
  readonly http?: { readonly method?: string; readonly host?: string; readonly path?: string };
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  readonly ip?: string | undefined;
  readonly protocolVersion?: string | undefined;
  readonly annotations?: { readonly [tool: string]: { readonly [hint: string]: Plain } };
  readonly id?: string;
  readonly subject?: string;
}

export function requestOf(sketch: RequestSketch): PolicyRequest {
  const { annotations } = sketch;
  return {
    kind: sketch.kind ?? 'request',
    mcp: objectOf(sketch.mcp ?? {}),
    jwt: sketch.jwt === undefined ? undefined : objectOf(sketch.jwt),
    http: {
      method: sketch.http?.method ?? 'POST',
      host: sketch.http?.host ?? 'mcp.localhost',
      path: sketch.http?.path ?? '/mcp',
      header: (name) => sketch.headers?.[name],
    },
    client: { ip: 'ip' in sketch ? sketch.ip : '192.0.2.1' },
    protocolVersion: 'protocolVersion' in sketch ? sketch.protocolVersion : '2025-11-25',
    route: 'apps-wiki@file',
    ...(annotations === undefined
      ? {}
      : {
          toolAnnotations: (name: string) => {
            const hints = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
            return hints === undefined ? undefined : objectOf(hints);
          },
        }),
    ...(sketch.id === undefined ? {} : { exchange: { id: sketch.id } }),
    ...(sketch.subject === undefined ? {} : { subject: sketch.subject }),
  };
}

/** Compiles policies that a test expects to be sound. */
export function policySetOf(config: PolicyConfig): PolicySet {
  const compiled = compilePolicySet(config, { middleware: 'apps-wiki-mcp@file', diagnose: diagnoseOf(config) });
  if (!compiled.ok) throw new Error(compiled.diagnostics.map(formatDiagnostic).join('\n'));
  return compiled.policies;
}

/** Places diagnostics by the path in the options and an excerpt of the expression. */
export function diagnoseOf(config: PolicyConfig): Parameters<typeof compilePolicySet>[1]['diagnose'] {
  return (problem, path, range) => {
    const [list, index] = path;
    const rules = list === 'policies' ? config.policies : config.listPolicies;
    const { hint, ...rest } = problem;
    return {
      ...plainDiagnostic(rules?.[Number(index)]?.match ?? '', {
        ...rest,
        ...(hint === undefined ? {} : { hint }),
        ...(range ?? { offset: 0, length: 0 }),
      }),
      subject: path.join('.'),
    };
  };
}

/** What recorded fields tell, by path. */
export function toldBy({ shape, values, subject }: RecordedFields): {
  readonly values: readonly (readonly [path: string, value: Value])[];
  readonly absent: readonly string[];
  readonly withheld: readonly string[];
} {
  const told: (readonly [string, Value])[] = [];
  const absent: string[] = [];
  const withheld: string[] = [];
  for (const [index, path] of shape.paths.entries()) {
    const value = values[index];
    if (value === undefined) absent.push(path);
    else if (shape.withheld[index] === true) withheld.push(path);
    else told.push([path, value]);
  }
  if (subject !== undefined) told.push(subject);
  return { values: told, absent, withheld };
}
