/** Ordered rules, what is always let through, and what a caller may see: language 4 to 6, corners 31 to 43. */
import { callOutcome, evaluate, lookup, type Reading, type Value } from './interpreter.ts';
import { possibleOutcomes, type Unknown } from './possible.ts';
import { type Expr, parse } from './syntax.ts';

export interface Rule {
  readonly match: Expr;
  readonly action: string;
}
export interface Rules {
  readonly policies: readonly Rule[];
  readonly defaultAction: 'allow' | 'deny';
  readonly listPolicies: readonly Rule[];
  readonly listDefaultAction: 'show' | 'hide' | 'callable';
}
type Written = { readonly match: string; readonly action: string };
/** The configuration as written. */
export interface RulesText {
  readonly policies?: readonly Written[] | undefined;
  readonly defaultAction?: 'allow' | 'deny' | undefined;
  readonly listPolicies?: readonly Written[] | undefined;
  readonly listDefaultAction?: 'show' | 'hide' | 'callable' | undefined;
}
export interface Verdict {
  readonly allowed: boolean;
  readonly reason: 'rule' | 'default' | 'lifecycle' | 'malformed';
  readonly rule?: number | undefined;
  readonly settledBy?: string | undefined;
  /** Why what settled it is undetermined, if it is. */
  readonly undetermined?: 'absent' | 'type' | undefined;
}
/** Everything around the message: the roots `jwt`, `http`, `client`, the protocol version, annotations by tool name. */
export interface Facts {
  readonly roots: ReadonlyMap<string, Value>;
  readonly protocolVersion?: string | undefined;
  readonly annotations: ReadonlyMap<string, Value>;
}
type Message = Map<string, Value>;
export interface Asked {
  readonly kind: 'request' | 'notification' | 'response' | 'stream' | 'end-session';
  readonly message: Value;
}

const letThrough = ['initialize', 'server/discover', 'ping', 'notifications/initialized', 'notifications/cancelled'];
letThrough.push('notifications/progress', 'notifications/roots/list_changed');
const listNotices = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged', 'resourceSubscriptions'];

export function readRules(text: RulesText): Rules {
  const rules = (written: readonly Written[] = []) => written.map((each) => ({ ...each, match: parse(each.match) }));
  const { defaultAction = 'deny', listDefaultAction = 'callable' } = text;
  return {
    policies: rules(text.policies),
    defaultAction,
    listPolicies: rules(text.listPolicies),
    listDefaultAction,
  };
}

function data(message: Message, facts: Facts): Map<string, Value> {
  const mcp = new Map([...message].filter(([name]) => ['jsonrpc', 'method', 'id', 'params'].includes(name)));
  if (facts.protocolVersion !== undefined) mcp.set('protocolVersion', facts.protocolVersion);
  const name = lookup(['params', 'name'], message);
  const hints =
    message.get('method') === 'tools/call' && typeof name === 'string' ? facts.annotations.get(name) : undefined;
  const all = new Map<string, Value>([...facts.roots, ['mcp', mcp]]);
  return hints === undefined ? all : all.set('tool', new Map([['annotations', hints]]));
}

const readingOf = (action: string): Reading => (action === 'deny' || action === 'hide' ? 'deny' : 'allow');

/** The first rule that applies (language 4). */
function firstApplying(
  rules: readonly Rule[],
  root: Value,
): { index: number; action: string; by: string; why: 'absent' | 'type' | undefined } | undefined {
  for (const [index, { match, action }] of rules.entries()) {
    const reading = readingOf(action);
    const { outcome, by } = evaluate(match, root, reading);
    const settled = callOutcome(by, root, reading);
    if (outcome === true || (reading === 'deny' && outcome !== false))
      return { index, action, by: by.text, why: typeof settled === 'string' ? settled : undefined };
  }
  return undefined;
}

function judgeAlone(rules: Rules, message: Message, facts: Facts, lifecycle: boolean): Verdict {
  const found = firstApplying(rules.policies, data(message, facts));
  if (found !== undefined) {
    return {
      allowed: found.action === 'allow',
      reason: 'rule',
      rule: found.index,
      settledBy: found.by,
      undetermined: found.why,
    };
  }
  if (lifecycle) return { allowed: true, reason: 'lifecycle' };
  return { allowed: rules.defaultAction === 'allow', reason: 'default' };
}

/** The message as another method, with these parameters and its own `_meta`. */
function as(message: Message, method: string, name: string, value: Value): Message {
  const meta = lookup(['params', '_meta'], message);
  const params = new Map<string, Value>([[name, value]]);
  if (meta !== undefined) params.set('_meta', meta);
  return new Map(message).set('method', method).set('params', params);
}

/** `completion/complete` is the use of what it names (corner 34). */
function judgeCompletion(rules: Rules, message: Message, facts: Facts): Verdict {
  const ref = lookup(['params', 'ref'], message);
  const type = lookup(['type'], ref ?? null);
  const [method, name] = type === 'ref/prompt' ? ['prompts/get', 'name'] : ['resources/read', 'uri'];
  const value = lookup([name], ref ?? null);
  if ((type !== 'ref/prompt' && type !== 'ref/resource') || typeof value !== 'string') {
    return { allowed: false, reason: 'malformed' };
  }
  const use = judgeAlone(rules, as(message, method, name, value), facts, false);
  if (!use.allowed) return use;
  const params = new Map(message.get('params') as Map<string, Value>).set(name, value);
  const itself = judgeAlone(rules, new Map(message).set('params', params), facts, false);
  return itself.reason === 'rule' && !itself.allowed ? itself : use;
}

/** `subscriptions/listen` is itself and one `resources/subscribe` for each URI (corner 35). */
function judgeListen(rules: Rules, message: Message, facts: Facts): Verdict {
  const notifications = lookup(['params', 'notifications'], message);
  const subscriptions = lookup(['resourceSubscriptions'], notifications ?? null);
  const uris = subscriptions === undefined ? [] : subscriptions;
  if (!Array.isArray(uris) || uris.some((uri) => typeof uri !== 'string'))
    return { allowed: false, reason: 'malformed' };
  const plain = notifications instanceof Map && [...notifications.keys()].every((name) => listNotices.includes(name));
  const itself = judgeAlone(rules, message, facts, plain);
  const each = uris.map((uri) => judgeAlone(rules, as(message, 'resources/subscribe', 'uri', uri), facts, false));
  return [itself, ...each].find(({ allowed }) => !allowed) ?? itself;
}

/** What is decided about a request. */
export function judge(rules: Rules, asked: Asked, facts: Facts): Verdict {
  const message = asked.message as Message;
  const method = message.get('method');
  if (asked.kind !== 'request' && asked.kind !== 'notification') return judgeAlone(rules, message, facts, true);
  if (method === 'completion/complete') return judgeCompletion(rules, message, facts);
  if (method === 'subscriptions/listen') return judgeListen(rules, message, facts);
  return judgeAlone(rules, message, facts, typeof method === 'string' && letThrough.includes(method));
}

export type ItemKind = 'tool' | 'prompt' | 'resource' | 'template';
const kinds = {
  tool: { list: 'tools/list', call: 'tools/call', names: 'name', bound: 'name' },
  prompt: { list: 'prompts/list', call: 'prompts/get', names: 'name', bound: 'name' },
  resource: { list: 'resources/list', call: 'resources/read', names: 'uri', bound: 'uri' },
  template: { list: 'resources/templates/list', call: 'resources/read', names: 'uriTemplate', bound: 'uri' },
};
/** What RFC 6570 section 3.1 copies from a template's literals as it stands. */
const copied = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*/;

/** Whether some walk through the rules ends in allow, each condition taken for itself (language 6). */
function couldBeAllowed(rules: Rules, root: Value, unknown: Unknown, loose: boolean): boolean {
  for (const { match, action } of rules.policies) {
    const outcomes = possibleOutcomes(match, root, unknown, readingOf(action), loose);
    if (action === 'allow' && outcomes.has(true)) return true;
    if (action === 'deny' && !outcomes.has(false)) return false;
  }
  return rules.defaultAction === 'allow';
}

/**
 * Whether the caller sees the item. Where corner 43 leaves it open whether something impossible counts as possible,
 * `loose` takes it as possible.
 */
export function seen(rules: Rules, kind: ItemKind, item: Value, facts: Facts, loose: boolean): boolean {
  const { list, call, names, bound } = kinds[kind];
  const name = lookup([names], item);
  if (typeof name !== 'string') return false;
  const message = (method: string): Message =>
    new Map<string, Value>([
      ['jsonrpc', '2.0'],
      ['method', method],
      ['params', new Map([[bound, name]])],
    ]);
  const hints = kind === 'tool' ? lookup(['annotations'], item) : undefined;
  const http = new Map(facts.roots.get('http') as Map<string, Value>).set('method', 'POST');
  const roots = new Map(facts.roots).set('http', http);
  const around = (method: string): Map<string, Value> => {
    const all = data(message(method), { ...facts, roots, annotations: new Map() });
    return hints === undefined ? all : all.set('tool', new Map([['annotations', hints]]));
  };
  const found = firstApplying(rules.listPolicies, around(list));
  if (found !== undefined) return found.action === 'show';
  if (rules.listDefaultAction !== 'callable') return rules.listDefaultAction === 'show';
  const root = around(call);
  const plain = copied.exec(name)?.[0] ?? '';
  const isOpen = name.includes('{') || (loose && plain !== name);
  const beginning = kind === 'template' && isOpen ? plain : undefined;
  return couldBeAllowed(rules, root, { bound, beginning }, loose);
}
