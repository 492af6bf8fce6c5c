/** One case as plain data, and what the engine and the reference make of it. A fixture in `found/` is such a case. */
import { type JsonObject, scanJson, stringify } from '../../src/http/json.ts';
import {
  compilePolicySet,
  type ItemKind as EngineKind,
  type PolicyRequest,
  type PolicySet,
} from '../../src/policy/index.ts';
import { diagnoseOf } from '../support/policy.ts';
import { readJson, type Value } from './interpreter.ts';
import { type Facts, type ItemKind, judge, type Rules, readRules, seen } from './judge.ts';
import { parse, Wrong } from './syntax.ts';

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

function referenceFacts({ jwt, http, ip, protocolVersion, annotations }: CaseRequest): Facts {
  const headers = Object.entries(http.headers).flatMap(([name, sent]): [string, Value][] => {
    if (typeof sent === 'string') return [[name, sent]];
    return sent[0] === undefined ? [] : [[name, sent.length > 1 ? [...sent] : sent[0]]];
  });
  const roots = new Map<string, Value>([
    ['http', new Map<string, Value>([...Object.entries({ ...http, headers: null }), ['headers', new Map(headers)]])],
    ['client', new Map<string, Value>(ip === null ? [] : [['ip', ip]])],
  ]);
  if (jwt !== null) roots.set('jwt', readJson(jwt));
  return {
    roots,
    protocolVersion: protocolVersion ?? undefined,
    annotations: readJson(annotations) as Map<string, Value>,
  };
}

/** A call without its layout, for comparing. */
const shape = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const expr = parse(text);
  return expr.kind === 'call' ? JSON.stringify([expr.name, expr.path, expr.values]) : text;
};

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
  return { allowed, reason, rule, settledBy: shape(settled?.expression), undetermined: settled?.reason, forwardedSame };
}

export function referenceSays(reference: Rules, request: CaseRequest): Said {
  const verdict = judge(reference, { kind: request.kind, message: readJson(request.message) }, referenceFacts(request));
  return { ...verdict, settledBy: shape(verdict.settledBy) };
}

/** In what two decisions differ first; undefined when they agree. */
export function differenceOf(engine: ReturnType<typeof engineSays>, reference: Said): string | undefined {
  const keys = ['allowed', 'reason', 'rule', 'settledBy', 'undetermined'] as const;
  const key = keys.find((each) => engine[each] !== reference[each]);
  if (key !== undefined) return `not the same ${key}`;
  return engine.forwardedSame ? undefined : 'the forwarded message is judged otherwise';
}

const kinds = { tools: 'tool', prompts: 'prompt', resources: 'resource', resourceTemplates: 'template' } as const;

/** Whether the engine shows each item to one caller, asked in one go like a list. */
export function engineShows(engine: PolicySet, request: CaseRequest, items: readonly CaseItem[]): boolean[] {
  const caller = engineRequest(request);
  return items.map(({ kind, item }) => engine.visible(kind, scan(item), caller));
}

/** Whether the reference shows the item; where the page leaves it open, the least and the most it may. */
export function referenceShows(
  reference: Rules,
  request: CaseRequest,
  item: CaseItem,
): { least: boolean; most: boolean } {
  const kind: ItemKind = kinds[item.kind];
  const facts = referenceFacts(request);
  const value = readJson(item.item);
  const least = seen(reference, kind, value, facts, false);
  return { least, most: least || seen(reference, kind, value, facts, true) };
}
