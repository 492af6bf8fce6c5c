import { createHash } from 'node:crypto';
import type { Diagnostic } from '../errors.ts';
import { type ObjectValue, print } from '../expression/index.ts';
import { Decision, type DecisionReason, makeDecision } from './decision.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import { type CompiledRule, compileRule, type Rule, type RuleAction, type RuleConfig } from './rule.ts';
import { RuleIndex } from './rule-index.ts';
import { type RuleTrace, traceRule } from './trace.ts';
import { type View, viewsOf } from './view.ts';
import { CallerView, type ItemKind, type ListDefaultAction, type VisibilityPolicy } from './visibility.ts';

/** The policy options of the `mcp` middleware, already checked against its schema. */
export interface PolicyConfig {
  readonly policies?: readonly RuleConfig<'allow' | 'deny'>[] | undefined;
  /** Absent: `deny`. */
  readonly defaultAction?: 'allow' | 'deny' | undefined;
  readonly listPolicies?: readonly RuleConfig<'show' | 'hide'>[] | undefined;
  /** Absent: `callable`. */
  readonly listDefaultAction?: ListDefaultAction | undefined;
  /** Whether a hidden item that could not be called anyway answers like one that does not exist. Absent: false. */
  readonly hideAsUnknown?: boolean | undefined;
}

/** Makes a diagnostic at a place of the options; `range` indexes into the text at `path`. */
export type DiagnosePolicy = (
  problem: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>,
  path: readonly (string | number)[],
  range?: { offset: number; length: number },
) => Diagnostic;

export type CompiledPolicySet =
  | { readonly ok: true; readonly policies: PolicySet; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Compiles the policies of one `mcp` middleware. Reports every broken rule; a set with an error is not usable at all. */
export function compilePolicySet(
  config: PolicyConfig,
  options: { readonly middleware: string; readonly diagnose: DiagnosePolicy },
): CompiledPolicySet {
  const rules = compileRules(config.policies ?? [], 'policies', options.diagnose);
  const listRules = compileRules(config.listPolicies ?? [], 'listPolicies', options.diagnose);
  const diagnostics = [...rules.diagnostics, ...listRules.diagnostics];
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const policies = new PolicySet(options.middleware, config, rules.rules, listRules.rules);
  return { ok: true, policies, warnings: [...rules.warnings, ...listRules.warnings] };
}

function compileRules<Action extends RuleAction>(
  configs: readonly RuleConfig<Action>[],
  key: string,
  diagnose: DiagnosePolicy,
): { rules: Rule<Action>[]; diagnostics: Diagnostic[]; warnings: Diagnostic[] } {
  const compiled = configs.map(
    (config, index): CompiledRule<Action> =>
      compileRule(config, index, (problem, range) => diagnose(problem, [key, index, 'match'], range)),
  );
  return {
    rules: compiled.flatMap((each) => (each.ok ? [each.rule] : [])),
    diagnostics: compiled.flatMap((each) => (each.ok ? [] : each.diagnostics)),
    warnings: compiled.flatMap((each) => (each.ok ? each.warnings : [])),
  };
}

/** What a walk over the rules came to, for one view of a message. */
interface Verdict {
  readonly outcome: 'allow' | 'deny';
  readonly reason: DecisionReason;
  readonly rule: Rule<'allow' | 'deny'> | undefined;
}

/** How a message fared with every rule, for people. */
export interface PolicyTrace {
  readonly decision: Decision;
  readonly views: readonly ViewTrace[];
}

export interface ViewTrace {
  /** What the message was judged as: itself, the use of what a completion refers to, or a subscription. */
  readonly as: View['as'];
  readonly method: string | undefined;
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly outcome: 'allow' | 'deny';
  readonly reason: DecisionReason;
  /** Index of the rule that decided this view. */
  readonly decidedBy: number | undefined;
  /** Every rule in order, also those that can no longer matter. */
  readonly rules: readonly RuleTrace[];
}

/** The compiled policies of one `mcp` middleware. Immutable; safe for any number of requests at once. */
export class PolicySet {
  /** Name of the middleware the policies belong to. */
  readonly middleware: string;
  /** SHA-256 of what the policies say, in hexadecimal; white space and quote-free layout do not change it. */
  readonly hash: string;
  readonly rules: readonly Rule<'allow' | 'deny'>[];
  readonly listRules: readonly Rule<'show' | 'hide'>[];
  readonly defaultAction: 'allow' | 'deny';
  readonly listDefaultAction: ListDefaultAction;
  readonly hideAsUnknown: boolean;
  readonly #index: RuleIndex<Rule<'allow' | 'deny'>>;
  readonly #visibility: VisibilityPolicy;
  readonly #views = new WeakMap<PolicyRequest, CallerView>();

  /** Use {@link compilePolicySet}. */
  constructor(
    middleware: string,
    config: PolicyConfig,
    rules: readonly Rule<'allow' | 'deny'>[],
    listRules: readonly Rule<'show' | 'hide'>[],
  ) {
    this.middleware = middleware;
    this.rules = Object.freeze([...rules]);
    this.listRules = Object.freeze([...listRules]);
    this.defaultAction = config.defaultAction ?? 'deny';
    this.listDefaultAction = config.listDefaultAction ?? 'callable';
    this.hideAsUnknown = config.hideAsUnknown ?? false;
    this.hash = hashOf(this);
    this.#index = new RuleIndex(this.rules);
    this.#visibility = {
      rules: this.#index,
      defaultAction: this.defaultAction,
      listRules: new RuleIndex(this.listRules),
      listDefaultAction: this.listDefaultAction,
    };
  }

  /** Decides one message. Never throws for anything a message or a claim can hold. */
  decide(request: PolicyRequest): Decision {
    const views = viewsOf(request);
    if (views === undefined) {
      return this.#record(request, new Facts(request), { outcome: 'deny', reason: 'malformed', rule: undefined });
    }
    const verdict = this.#judge(views.primary);
    if (verdict.outcome === 'allow') {
      for (const view of views.others) {
        const other = this.#judge(view);
        if (refuses(view, other)) return this.#record(request, view.facts, other);
      }
    }
    return this.#record(request, views.primary.facts, verdict);
  }

  /** How a message fares with every rule and sub-expression. For explaining, not for traffic. */
  trace(request: PolicyRequest): PolicyTrace {
    const seen = viewsOf(request);
    const all = seen === undefined ? [] : [seen.primary, ...seen.others];
    const views = all.map((view): ViewTrace => {
      const { facts } = view;
      const verdict = this.#judge(view);
      return {
        as: view.as,
        method: typeof facts.method === 'string' ? facts.method : undefined,
        name: typeof facts.name === 'string' ? facts.name : undefined,
        uri: typeof facts.uri === 'string' ? facts.uri : undefined,
        outcome: verdict.outcome,
        reason: verdict.reason,
        decidedBy: verdict.rule?.index,
        rules: this.rules.map((rule) => traceRule(rule, facts)),
      };
    });
    return { decision: this.decide(request), views };
  }

  /** What the caller of a request may see; the same object for the same request. */
  viewOf(request: PolicyRequest): CallerView {
    let view = this.#views.get(request);
    if (view === undefined) {
      view = new CallerView(this.#visibility, request);
      this.#views.set(request, view);
    }
    return view;
  }

  /** Whether a list answer to this caller holds the item. */
  visible(kind: ItemKind, item: ObjectValue, request: PolicyRequest): boolean {
    return this.viewOf(request).shows(kind, item);
  }

  /**
   * Whether a denied call must look like one of something that does not exist: `hideAsUnknown` is on, the caller's lists do
   * not hold the item, and no call of it could be allowed.
   */
  concealed(request: PolicyRequest): boolean {
    if (!this.hideAsUnknown) return false;
    const { method, name, uri } = new Facts(request);
    const kind = kindsByCall.get(method);
    const item = kind === 'resources' ? uri : name;
    if (kind === undefined || typeof item !== 'string') return false;
    const listed = new Map<string, string | ObjectValue>([[kind === 'resources' ? 'uri' : 'name', item]]);
    const annotations = kind === 'tools' ? request.toolAnnotations?.(item) : undefined;
    if (annotations !== undefined) listed.set('annotations', annotations);
    const view = this.viewOf(request);
    return !view.shows(kind, listed) && !view.callable(kind, listed);
  }

  /** The rules that can apply to these facts, in their order; the others cannot, whatever else the facts say. */
  candidates({ method, name, uri }: Facts): readonly Rule<'allow' | 'deny'>[] {
    return this.#index.candidates(method, name, uri);
  }

  /** The rules that can apply to messages of a method; of those for an item, when its field and text are given. */
  rulesForUse(method: string, field?: 'name' | 'uri', text?: string): readonly Rule<'allow' | 'deny'>[] {
    return this.#index.forUse(method, field, text);
  }

  #judge({ facts, lifecycle }: View): Verdict {
    for (const rule of this.candidates(facts)) {
      if (rule.applies(facts)) return { outcome: rule.action, reason: 'rule', rule };
    }
    if (lifecycle) return { outcome: 'allow', reason: 'lifecycle', rule: undefined };
    return { outcome: this.defaultAction, reason: 'default', rule: undefined };
  }

  #record(request: PolicyRequest, facts: Facts, { outcome, reason, rule }: Verdict): Decision {
    return makeDecision({ request, facts, outcome, reason, rule, policySet: this });
  }
}

/** Some views leave the default to the others and are refused by a rule only. */
function refuses(view: View, { outcome, rule }: Verdict): boolean {
  return outcome === 'deny' && (rule !== undefined || !view.onlyRules);
}

const kindsByCall: ReadonlyMap<unknown, ItemKind> = new Map([
  ['tools/call', 'tools'],
  ['prompts/get', 'prompts'],
  ['resources/read', 'resources'],
]);

function hashOf(
  set: Pick<PolicySet, 'rules' | 'listRules' | 'defaultAction' | 'listDefaultAction' | 'hideAsUnknown'>,
): string {
  const plain = (rules: readonly Rule[]) =>
    rules.map(({ name, action, program }) => [name ?? null, action, print(program.expression)]);
  const said = [plain(set.rules), set.defaultAction, plain(set.listRules), set.listDefaultAction, set.hideAsUnknown];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

export { Decision };
