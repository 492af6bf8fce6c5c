import { isObject, type ObjectValue, type Value } from '../expression/index.ts';
import { anything, type Condition, nothing, type OpenFacts, type Possibility } from './condition.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import { OpenMessage } from './open-message.ts';
import type { OutcomeSet } from './outcome-set.ts';
import type { Path } from './path.ts';
import { fixed } from './possible-value.ts';
import { type Rule, readingOf } from './rule.ts';
import type { RuleIndex } from './rule-index.ts';

export type ItemKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

export type ListDefaultAction = 'show' | 'hide' | 'callable';

/** How the items of a list are named, listed and used. */
interface ItemShape {
  readonly listMethod: string;
  readonly callMethod: string;
  /** The member of the item that names it. */
  readonly member: string;
  /** The parameter it is bound to. */
  readonly parameter: 'name' | 'uri';
}

export const itemShapes: Readonly<Record<ItemKind, ItemShape>> = {
  tools: { listMethod: 'tools/list', callMethod: 'tools/call', member: 'name', parameter: 'name' },
  prompts: { listMethod: 'prompts/list', callMethod: 'prompts/get', member: 'name', parameter: 'name' },
  resources: { listMethod: 'resources/list', callMethod: 'resources/read', member: 'uri', parameter: 'uri' },
  resourceTemplates: {
    listMethod: 'resources/templates/list',
    callMethod: 'resources/read',
    member: 'uriTemplate',
    parameter: 'uri',
  },
};

/** The compiled parts of a policy set that visibility depends on. */
export interface VisibilityPolicy {
  readonly rules: RuleIndex<Rule<'allow' | 'deny'>>;
  readonly defaultAction: 'allow' | 'deny';
  readonly listRules: RuleIndex<Rule<'show' | 'hide'>>;
  readonly listDefaultAction: ListDefaultAction;
}

/** What one caller may see. Made once per caller and request; asking about an item is then quick. */
export class CallerView {
  readonly #policy: VisibilityPolicy;
  readonly #request: PolicyRequest;
  readonly #memory = new Map<ItemKind, Map<Condition, OutcomeSet>>();

  constructor(policy: VisibilityPolicy, request: PolicyRequest) {
    this.#policy = policy;
    this.#request = callOf(request);
  }

  /** Whether the caller's lists hold the item: `listPolicies` in order, then `listDefaultAction`. */
  shows(kind: ItemKind, item: ObjectValue): boolean {
    const { listMethod, member, parameter } = itemShapes[kind];
    const name = item.get(member);
    if (typeof name !== 'string') return false;
    const { listRules, listDefaultAction } = this.#policy;
    if (!listRules.isEmpty) {
      const params = new Map<string, Value>([[parameter, name]]);
      const facts = new Facts(this.#request, { method: listMethod, params, annotations: annotationsOf(kind, item) });
      for (const rule of listRules.candidates(facts.method, facts.name, facts.uri)) {
        if (rule.applies(facts)) return rule.action === 'show';
      }
    }
    return listDefaultAction === 'callable' ? this.callable(kind, item) : listDefaultAction === 'show';
  }

  /** Whether some use of the item could be allowed, whatever its arguments. */
  callable(kind: ItemKind, item: ObjectValue): boolean {
    const { callMethod, member, parameter } = itemShapes[kind];
    const name = item.get(member);
    if (typeof name !== 'string') return false;
    const params = new Map<string, Value>([[parameter, name]]);
    const facts = new Facts(this.#request, { method: callMethod, params, annotations: annotationsOf(kind, item) });
    const start = kind === 'resourceTemplates' ? literalStart(name) : undefined;
    const open = new OpenCall(facts, parameter, start, this.#memoryOf(kind));
    const rules = this.#policy.rules.forUse(callMethod, parameter, start === undefined ? name : undefined);
    return canGrant(rules, open, this.#policy.defaultAction === 'allow');
  }

  /**
   * Whether some message of a method could be allowed, whatever it says and whatever headers come with it.
   *
   * @param curable - tells of a rule whether the caller can do something about being refused by it
   */
  usable(method: string, curable?: (rule: Rule) => boolean): boolean {
    const { rules, defaultAction } = this.#policy;
    const stoodFor = methodsStoodFor.get(method);
    const open = new OpenMessage(this.#request, method);
    if (stoodFor === undefined) return canGrant(rules.forUse(method), open, defaultAction === 'allow', curable);
    // Judged as the use of what it is about; of itself it is only refused by a rule.
    return stoodFor.some((use) => this.usable(use, curable)) && canGrant(rules.forUse(method), open, true, curable);
  }

  /** Whether the caller could ask for a list of the kind and find something in it. */
  listable(kind: ItemKind, curable?: (rule: Rule) => boolean): boolean {
    const { listMethod, callMethod } = itemShapes[kind];
    if (!this.usable(listMethod, curable)) return false;
    const { listRules, listDefaultAction } = this.#policy;
    const shown = listDefaultAction === 'callable' ? this.usable(callMethod, curable) : listDefaultAction === 'show';
    return canGrant(listRules.forUse(listMethod), new OpenMessage(this.#request, listMethod), shown);
  }

  #memoryOf(kind: ItemKind): Map<Condition, OutcomeSet> {
    let memory = this.#memory.get(kind);
    if (memory === undefined) {
      memory = new Map();
      this.#memory.set(kind, memory);
    }
    return memory;
  }
}

/** Methods whose message is judged as the use of what it names: see `view.ts`. */
const methodsStoodFor: ReadonlyMap<string, readonly string[]> = new Map([
  ['completion/complete', ['prompts/get', 'resources/read']],
]);

/** Whether a walk over the rules can end in a grant; `byDefault` is what happens when none of them applies. */
function canGrant(
  rules: readonly Rule[],
  open: OpenFacts,
  byDefault: boolean,
  curable: (rule: Rule) => boolean = () => false,
): boolean {
  for (const rule of rules) {
    const { possibly, surely } = rule.canApply(open);
    if (possibly && (readingOf(rule.action) === 'granting' || curable(rule))) return true;
    if (surely) return false;
  }
  return byDefault;
}

/** The request as a call of this caller would be: a JSON-RPC message over POST, its other fields still open. */
function callOf(request: PolicyRequest): PolicyRequest {
  const { http } = request;
  return {
    ...request,
    kind: 'request',
    mcp: new Map([['jsonrpc', '2.0']]),
    http: { method: 'POST', host: http.host, path: http.path, header: (name) => http.header(name) },
  };
}

function annotationsOf(kind: ItemKind, item: ObjectValue): ObjectValue | undefined {
  const annotations = item.get('annotations');
  return kind === 'tools' && isObject(annotations) ? annotations : undefined;
}

/**
 * The text with which every URI of a template begins, or undefined when the template is itself the only URI. RFC 6570
 * section 3.1 copies only URI characters as they are; anything else is encoded, so what is known ends there too.
 */
function literalStart(template: string): string | undefined {
  const known = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*/.exec(template)?.[0] ?? '';
  return known === template ? undefined : known;
}

/** The facts of a call of which the item is chosen and everything else that the caller chooses is open. */
class OpenCall implements OpenFacts {
  readonly facts: Facts;
  readonly #parameter: 'name' | 'uri';
  /** The known beginning of the URI, when that is all that is known of it. */
  readonly #start: string | undefined;
  readonly #memory: Map<Condition, OutcomeSet>;

  constructor(facts: Facts, parameter: 'name' | 'uri', start: string | undefined, memory: Map<Condition, OutcomeSet>) {
    this.facts = facts;
    this.#parameter = parameter;
    this.#start = start;
    this.#memory = memory;
  }

  at(path: Path): Possibility {
    const { names } = path;
    if (names[0] === 'mcp') {
      const field = names[1];
      const name = names[2];
      if (field === 'id') return anything;
      if (field === 'params' && name !== undefined) {
        if (name !== this.#parameter) return anything;
        if (names.length > 3) return nothing;
        if (this.#start !== undefined)
          return { value: { kind: 'text', pieces: [this.#start, undefined] }, maybeAbsent: false };
      }
    }
    const value = path.read(this.facts);
    return value === undefined ? nothing : { value: fixed(value), maybeAbsent: false };
  }

  possible(condition: Condition): OutcomeSet {
    if (condition.dependsOnItem) return condition.possible(this);
    let outcomes = this.#memory.get(condition);
    if (outcomes === undefined) {
      outcomes = condition.possible(this);
      this.#memory.set(condition, outcomes);
    }
    return outcomes;
  }
}
