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
import { parse } from './syntax.ts';

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
  readonly item?: CaseItem | undefined;
}

/** Both readings of one set of rules; undefined where it is refused. */
export interface Both {
  readonly engine: PolicySet | undefined;
  readonly reference: Rules | undefined;
  /** What either says when it refuses. */
  readonly why: string;
}

export function readBoth(rules: CaseRules): Both {
  const compiled = compilePolicySet(rules, { middleware: 'm', diagnose: diagnoseOf(rules) });
  let reference: Rules | undefined;
  let why = compiled.ok ? '' : compiled.diagnostics.map(({ message }) => message).join('; ');
  try {
    reference = readRules(rules);
  } catch (error) {
    why += ` / reference: ${(error as Error).message}`;
  }
  return { engine: compiled.ok ? compiled.policies : undefined, reference, why };
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

export function referenceFacts({ jwt, http, ip, protocolVersion, annotations }: CaseRequest): Facts {
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

/** What each says about one request; equal when they agree. */
export function decideBoth({ engine, reference }: { engine: PolicySet; reference: Rules }, request: CaseRequest) {
  const asked = engineRequest(request);
  const decision = engine.decide(asked);
  const { settled } = decision.explanation();
  const forwarded = engine.decide(engineRequest(request, stringify(asked.mcp as JsonObject)));
  const verdict = judge(reference, { kind: request.kind, message: readJson(request.message) }, referenceFacts(request));
  const { allowed, reason, rule } = decision;
  return {
    engine: { allowed, reason, rule, settledBy: shape(settled?.expression), undetermined: settled?.reason },
    reference: { ...verdict, settledBy: shape(verdict.settledBy) },
    forwardedSame: forwarded.allowed === allowed && forwarded.reason === reason && forwarded.rule === rule,
  };
}

const kinds = { tools: 'tool', prompts: 'prompt', resources: 'resource', resourceTemplates: 'template' } as const;

/** Whether each shows the item; where the page leaves it open, the reference gives the least and the most. */
export function showBoth(
  { engine, reference }: { engine: PolicySet; reference: Rules },
  { request, item }: Required<Case>,
) {
  if (item === undefined) throw new Error('no item');
  const kind: ItemKind = kinds[item.kind];
  const facts = referenceFacts(request);
  const value = readJson(item.item);
  const shown = engine.visible(item.kind, scan(item.item), engineRequest(request));
  const least = seen(reference, kind, value, facts, false);
  return { shown, least, most: least || seen(reference, kind, value, facts, true) };
}
