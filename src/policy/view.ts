import { isArray, isObject, type ObjectValue, type Value } from '../expression/index.ts';
import { type Binding, Facts, type PolicyRequest } from './facts.ts';

/**
 * One reading of a message that rules are tried on. Most messages are judged as they are; some stand for the use of
 * something else, and are judged as that use too.
 */
export interface View {
  /** What the message is judged as. */
  readonly as: 'message' | 'reference' | 'subscription';
  readonly facts: Facts;
  /** True when the view is let through unless a rule applies to it. */
  readonly lifecycle: boolean;
  /** True when only an explicit rule may refuse this view; the default is left to the others. */
  readonly onlyRules: boolean;
}

/** How a message is judged: every view must be allowed. The primary one stands in the record, unless another refuses. */
export interface Views {
  readonly primary: View;
  readonly others: readonly View[];
}

/** Methods that a client needs to connect, whatever the default. */
export const lifecycleMethods: ReadonlySet<string> = new Set([
  'initialize',
  'server/discover',
  'ping',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
]);

/** Methods whose message stands for the use of something else. */
const viewsByMethod: ReadonlyMap<Value | undefined, (request: PolicyRequest) => Views | undefined> = new Map([
  ['completion/complete', completionViews],
  ['subscriptions/listen', listenViews],
]);

/** How a message is judged; undefined when it does not say what it concerns. */
export function viewsOf(request: PolicyRequest): Views | undefined {
  const special = viewsByMethod.get(request.mcp.get('method'));
  if (special !== undefined) return special(request);
  return { primary: messageView(request), others: none };
}

const none: readonly View[] = [];

function messageView(request: PolicyRequest): View {
  const facts = new Facts(request);
  return { as: 'message', facts, lifecycle: isLifecycle(request, facts.method), onlyRules: false };
}

function isLifecycle({ kind }: PolicyRequest, method: Value | undefined): boolean {
  if (kind !== 'request' && kind !== 'notification') return true;
  return typeof method === 'string' && lifecycleMethods.has(method);
}

/** A completion tells about a prompt or resource template: it is judged as its use. */
function completionViews(request: PolicyRequest): Views | undefined {
  const params = paramsOf(request);
  const reference = referenceOf(params.get('ref'));
  if (reference === undefined) return undefined;
  const { method, key, item } = reference;
  const own: Binding = { method: 'completion/complete', params: new Map([...params, [key, item]]) };
  const used: Binding = { method, params: itemParams(params, key, item) };
  return {
    primary: { as: 'reference', facts: new Facts(request, used), lifecycle: false, onlyRules: false },
    others: [{ as: 'message', facts: new Facts(request, own), lifecycle: false, onlyRules: true }],
  };
}

function referenceOf(ref: Value | undefined): { method: string; key: 'name' | 'uri'; item: string } | undefined {
  if (!isObject(ref)) return undefined;
  const name = ref.get('name');
  if (ref.get('type') === 'ref/prompt' && typeof name === 'string')
    return { method: 'prompts/get', key: 'name', item: name };
  const uri = ref.get('uri');
  if (ref.get('type') === 'ref/resource' && typeof uri === 'string')
    return { method: 'resources/read', key: 'uri', item: uri };
  return undefined;
}

const listChangedNotices: ReadonlySet<string> = new Set([
  'toolsListChanged',
  'promptsListChanged',
  'resourcesListChanged',
]);

/** A listen request is let through for list-changed notices; each resource it names is a subscription of its own. */
function listenViews(request: PolicyRequest): Views | undefined {
  const params = paramsOf(request);
  const filter = params.get('notifications');
  const listed = isObject(filter) ? filter.get('resourceSubscriptions') : undefined;
  const subscriptions = listed === undefined ? [] : listed;
  if (!isArray(subscriptions)) return undefined;
  const onlyKnown =
    isObject(filter) &&
    [...filter.keys()].every((key) => key === 'resourceSubscriptions' || listChangedNotices.has(key));
  const others: View[] = [];
  for (const uri of subscriptions) {
    if (typeof uri !== 'string') return undefined;
    const facts = new Facts(request, { method: 'resources/subscribe', params: itemParams(params, 'uri', uri) });
    others.push({ as: 'subscription', facts, lifecycle: false, onlyRules: false });
  }
  return { primary: { as: 'message', facts: new Facts(request), lifecycle: onlyKnown, onlyRules: false }, others };
}

function paramsOf(request: PolicyRequest): ObjectValue {
  const params = request.mcp.get('params');
  return isObject(params) ? params : new Map();
}

/** The parameters of the use a message stands for: the item, and the message's own `_meta`. */
function itemParams(params: ObjectValue, key: 'name' | 'uri', item: string): ObjectValue {
  const own = new Map<string, Value>([[key, item]]);
  const meta = params.get('_meta');
  if (meta !== undefined) own.set('_meta', meta);
  return own;
}
