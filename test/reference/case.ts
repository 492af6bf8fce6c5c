/** One case as plain data, and what the engine and the reference make of it. A fixture in `found/` is such a case. */
import { type JsonObject, scanJson, stringify } from '../../src/http/json.ts';
import {
  compilePolicySet,
  type ItemKind as EngineKind,
  type PolicyRequest,
  type PolicySet,
} from '../../src/policy/index.ts';
import { diagnoseOf } from '../support/policy.ts';
import type { Fields, Value } from './functions.ts';
import { type Facts, judge, seen } from './judge.ts';
import { type Expr, parse, type Rules, readRules, Wrong } from './parser.ts';

export interface CaseRules {
  readonly policies: readonly { readonly match: string; readonly action: 'allow' | 'deny'; readonly name?: string }[];
  readonly defaultAction?: 'allow' | 'deny' | undefined;
  readonly listPolicies?: readonly { readonly match: string; readonly action: 'show' | 'hide' }[] | undefined;
  readonly listDefaultAction?: 'show' | 'hide' | 'callable' | undefined;
}
/** Message, claims and annotations (by tool name) are JSON texts. */
export interface CaseRequest {
  readonly kind: PolicyRequest['kind'];
  readonly message: string;
  readonly jwt: string | null;
  readonly http: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly headers: { readonly [name: string]: string | readonly string[] };
  };
  readonly ip: string | null;
  readonly protocolVersion: string | null;
  readonly annotations: string;
}
export interface CaseItem {
  readonly kind: EngineKind;
  readonly item: string;
}
export interface Case {
  readonly rules: CaseRules;
  readonly request: CaseRequest;
  readonly items?: readonly CaseItem[] | undefined;
}

export function engineReads(rules: CaseRules): PolicySet | string {
  const compiled = compilePolicySet(rules, { middleware: 'm', diagnose: diagnoseOf(rules) });
  return compiled.ok ? compiled.policies : compiled.diagnostics.map(({ message }) => message).join('; ');
}

export function referenceReads(rules: CaseRules): Rules | string {
  try {
    return readRules(rules);
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

const scan = (text: string): JsonObject => scanJson(Buffer.from(text)) as JsonObject;

export function engineRequest(request: CaseRequest, message = request.message): PolicyRequest {
  const { http, jwt } = request;
  const annotations = scan(request.annotations) as ReadonlyMap<string, JsonObject>;
  return {
    kind: request.kind,
    mcp: scan(message),
    jwt: jwt === null ? undefined : scan(jwt),
    http: { ...http, header: (name) => (Object.hasOwn(http.headers, name) ? http.headers[name] : undefined) },
    client: { ip: request.ip ?? undefined },
    protocolVersion: request.protocolVersion ?? undefined,
    toolAnnotations: (name) => annotations.get(name),
    route: 'r',
  };
}

/** JSON for the reference: numbers as they were written. */
function readJson(text: string): Value {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number') return { number: context?.source };
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : value;
  }) as Value;
}

function referenceFacts({ jwt, http, ip, protocolVersion, annotations }: CaseRequest): Facts {
  const headers = Object.entries(http.headers).flatMap(([name, sent]): [string, Value][] => {
    if (typeof sent === 'string') return [[name, sent]];
    return sent[0] === undefined ? [] : [[name, sent.length > 1 ? sent : sent[0]]];
  });
  const root = (name: string, value: string | null): Fields => new Map(value === null ? [] : [[name, value]]);
  const roots = new Map<string, Value>([
    ['http', new Map<string, Value>([...Object.entries({ ...http, headers: null }), ['headers', new Map(headers)]])],
    ['client', root('ip', ip)],
    ['mcp', root('protocolVersion', protocolVersion)],
  ]);
  if (jwt !== null) roots.set('jwt', readJson(jwt));
  return { roots, annotations: readJson(annotations) as Fields };
}

/** A call without its layout, for comparing. */
const shapeOf = (expr: Expr): string =>
  expr.kind === 'call' ? JSON.stringify([expr.name, expr.path, expr.values]) : expr.kind;

/** What is compared of a decision. */
interface Said {
  readonly allowed: boolean;
  readonly reason: string;
  readonly rule?: number | undefined;
  /** The call that settled it, without its layout. */
  readonly settledBy?: string | undefined;
  readonly undetermined?: string | undefined;
}

export function engineSays(engine: PolicySet, request: CaseRequest): Said & { readonly forwardedSame: boolean } {
  const asked = engineRequest(request);
  const decision = engine.decide(asked);
  const { settled } = decision.explanation();
  const forwarded = engine.decide(engineRequest(request, stringify(asked.mcp as JsonObject)));
  const { allowed, reason, rule } = decision;
  const forwardedSame = forwarded.allowed === allowed && forwarded.reason === reason && forwarded.rule === rule;
  const settledBy = settled && shapeOf(parse(settled.expression));
  return { allowed, reason, rule, settledBy, undetermined: settled?.reason, forwardedSame };
}

export function referenceSays(reference: Rules, request: CaseRequest): Said {
  const { settled, ...verdict } = judge(
    reference,
    request.kind,
    readJson(request.message) as Fields,
    referenceFacts(request),
  );
  const undetermined = typeof settled?.outcome === 'string' ? settled.outcome : undefined;
  return { ...verdict, settledBy: settled && shapeOf(settled.by), undetermined };
}

/** In what two decisions differ first; undefined when they agree. */
export function differenceOf(engine: ReturnType<typeof engineSays>, reference: Said): string | undefined {
  const keys = ['allowed', 'reason', 'rule', 'settledBy', 'undetermined'] as const;
  const key = keys.find((each) => engine[each] !== reference[each]);
  if (key !== undefined) return `not the same ${key}`;
  return engine.forwardedSame ? undefined : 'the forwarded message is judged otherwise';
}

/** Whether the engine shows each item to one caller, asked in one go like a list. */
export function engineShows(engine: PolicySet, request: CaseRequest, items: readonly CaseItem[]): boolean[] {
  const caller = engineRequest(request);
  return items.map(({ kind, item }) => engine.visible(kind, scan(item), caller));
}

/** Whether the reference shows the item; where the page leaves it open, the least and the most it may. */
export function referenceShows(
  reference: Rules,
  request: CaseRequest,
  { kind, item }: CaseItem,
): { least: boolean; most: boolean } {
  const facts = referenceFacts(request);
  const value = readJson(item);
  const least = seen(reference, kind, value, facts, false);
  return { least, most: least || seen(reference, kind, value, facts, true) };
}
