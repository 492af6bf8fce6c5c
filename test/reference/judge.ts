/** Ordered rules, what is always let through, and what a caller may see (language 4 to 6). */
import type { Fields, Value } from './functions.ts';
import { evaluate, type Free, lookup, possible, type Settled } from './interpreter.ts';
import type { Rule, Rules } from './parser.ts';

export type Verdict = { readonly allowed: boolean; reason: string; rule?: number; settled?: Settled };
/** What is around a message: `jwt`, `http`, `client`, `mcp.protocolVersion`, and annotations by tool name. */
export type Facts = { readonly roots: Fields; readonly annotations: Fields };

const lifecycle =
  /^(initialize|server\/discover|ping|notifications\/(initialized|cancelled|progress|roots\/list_changed))$/;
const notices = /^((tools|prompts|resources)ListChanged|resourceSubscriptions)$/;
type Part = readonly [message: Fields, letThrough?: boolean];

const fields = (value: Value | undefined): Fields => (value instanceof Map ? value : new Map());

function data(message: Fields, roots: Fields, annotations: Value | undefined): Fields {
  const known = [...message].filter(([name]) => /^(jsonrpc|method|id|params)$/.test(name));
  const all = new Map(roots).set('mcp', new Map([...fields(roots.get('mcp')), ...known]));
  return annotations === undefined ? all : all.set('tool', new Map([['annotations', annotations]]));
}

/** All that the rules can come to in order, `otherwise` when none applies: one verdict when nothing is free. */
function* walk(rules: readonly Rule[], root: Value, otherwise: Verdict, free?: Free): Generator<Verdict> {
  for (const [rule, { match, action }] of rules.entries()) {
    const deny = action === 'deny' || action === 'hide';
    const all = evaluate(match, (call) => possible(call, root, deny, free));
    const applying = all.filter(({ outcome }) => outcome === true || (deny && outcome !== false));
    yield* applying.map((settled) => ({ allowed: !deny, reason: 'rule', rule, settled }));
    if (applying.length === all.length) return;
  }
  yield otherwise;
}

function judgeAlone(rules: Rules, message: Fields, facts: Facts, letThrough = false): Verdict {
  const allowed = letThrough || rules.defaultAction === 'allow';
  const otherwise = { allowed, reason: letThrough ? 'lifecycle' : 'default' };
  const tool = message.get('method') === 'tools/call' ? lookup(['params', 'name'], message) : undefined;
  const annotations = typeof tool === 'string' ? facts.annotations.get(tool) : undefined;
  return walk(rules.policies, data(message, facts.roots, annotations), otherwise).find(() => true) ?? otherwise;
}

/** What must be allowed for a request to be, and what is let through unless a rule applies; nothing: malformed. */
function partsOf(kind: string, message: Fields): Part[] {
  const [method, params] = [message.get('method'), fields(message.get('params'))];
  const withParams = (...all: [string, Value][]) => new Map(message).set('params', new Map(all));
  const meta = [...params].filter(([name]) => name === '_meta');
  const as = (other: string, name: string, value: Value) => withParams(...meta, [name, value]).set('method', other);
  if (kind !== 'request' && kind !== 'notification') return [[message, true]];
  if (method === 'completion/complete') {
    const type = lookup(['ref', 'type'], params);
    const [other, name] = type === 'ref/prompt' ? ['prompts/get', 'name'] : ['resources/read', 'uri'];
    const value = lookup(['ref', name], params);
    if ((type !== 'ref/prompt' && type !== 'ref/resource') || typeof value !== 'string') return [];
    return [[as(other, name, value)], [withParams(...params, [name, value]), true]];
  }
  if (method === 'subscriptions/listen') {
    const wanted = params.get('notifications');
    const uris = new Map<string, Value>([['resourceSubscriptions', []], ...fields(wanted)]).get(
      'resourceSubscriptions',
    );
    if (!Array.isArray(uris) || uris.some((uri) => typeof uri !== 'string')) return [];
    const plain = wanted instanceof Map && [...wanted.keys()].every((name) => notices.test(name));
    return [[message, plain], ...uris.map((uri: string): Part => [as('resources/subscribe', 'uri', uri)])];
  }
  return [[message, typeof method === 'string' && lifecycle.test(method)]];
}

/** What is decided about a request. */
export function judge(rules: Rules, kind: string, message: Fields, facts: Facts): Verdict {
  const verdicts = partsOf(kind, message).map(([part, letThrough]) => judgeAlone(rules, part, facts, letThrough));
  return verdicts.find(({ allowed }) => !allowed) ?? verdicts[0] ?? { allowed: false, reason: 'malformed' };
}

/** Of the things that are listed: the list's method, the call's, the member that names one, the parameter it binds. */
const kinds = {
  tools: ['tools/list', 'tools/call', 'name', 'name'],
  prompts: ['prompts/list', 'prompts/get', 'name', 'name'],
  resources: ['resources/list', 'resources/read', 'uri', 'uri'],
  resourceTemplates: ['resources/templates/list', 'resources/read', 'uriTemplate', 'uri'],
} as const;
/** What RFC 6570 section 3.1 copies from a template's literals as it stands. */
const copied = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*/;

/** Whether the caller sees the item; `loose` counts as possible what the page leaves open. */
export function seen(rules: Rules, kind: keyof typeof kinds, item: Value, facts: Facts, loose: boolean): boolean {
  const [list, call, named, bound] = kinds[kind];
  const name = lookup([named], item);
  if (typeof name !== 'string') return false;
  const annotations = kind === 'tools' ? lookup(['annotations'], item) : undefined;
  const roots = new Map(facts.roots).set('http', new Map(fields(facts.roots.get('http'))).set('method', 'POST'));
  const message = { jsonrpc: '2.0', params: new Map([[bound, name]]) };
  const rootOf = (method: string) => data(new Map(Object.entries<Value>({ ...message, method })), roots, annotations);
  const { listDefaultAction = 'callable' } = rules;
  const shown = { allowed: listDefaultAction === 'show', reason: 'default' };
  const [listed = shown] = walk(rules.listPolicies ?? [], rootOf(list), shown);
  if (listed.reason === 'rule' || listDefaultAction !== 'callable') return listed.allowed;
  const plain = copied.exec(name)?.[0] ?? '';
  const isOpen = kind === 'resourceTemplates' && (name.includes('{') || (loose && plain !== name));
  const free: Free = { bound, beginning: isOpen ? plain : undefined, loose };
  const unruled = { allowed: rules.defaultAction === 'allow', reason: 'default' };
  return walk(rules.policies, rootOf(call), unruled, free).some(({ allowed }) => allowed);
}
