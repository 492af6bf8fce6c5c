import type { Diagnostic } from '../../errors.ts';
import { nearest } from '../../errors.ts';
import { type Expression, isObject, type ObjectValue, print, type Span } from '../../expression/index.ts';
import type { Condition } from '../condition.ts';
import type { PolicySet } from '../policy-set.ts';
import { type Rule, readingOf } from '../rule.ts';
import { AtomTable, keyOf } from './atom.ts';
import { type Cell, cellsOf, type KnownCaller, OPEN } from './cells.ts';
import { Explorer, noChoice } from './explorer.ts';
import { reachOf } from './reach.ts';
import { judgeCell, remainingRules } from './verdict.ts';

/** Something in a policy that very likely does not do what it seems to say. */
export interface Finding {
  readonly code: Diagnostic['code'];
  readonly severity: 'warning' | 'info';
  readonly list: 'policies' | 'listPolicies' | 'defaultAction';
  /** Index of the rule. */
  readonly index: number | undefined;
  /** The part of its match. */
  readonly span: Span | undefined;
  /** What is the matter, and why it matters. */
  readonly message: string;
  /** The safer form. */
  readonly hint: string;
}

export interface LintFacts {
  /** Claims of sample tokens. */
  readonly tokens?: readonly ObjectValue[] | undefined;
  /** Names that the upstream offers. */
  readonly tools?: readonly string[] | undefined;
}

/** Looks a policy over. What it says about rules that never decide or apply is proven; the rest is advice. */
export function lintPolicies(set: PolicySet, facts: LintFacts = {}): Finding[] {
  const checks = [deadRules, hollowItems, anyMethod, bareNegations, delimiters, openDefault];
  return [
    ...checks.flatMap((check) => check(set)),
    ...unknownClaims(set, facts.tokens ?? []),
    ...(facts.tools === undefined ? [] : unknownTools(set, facts.tools)),
  ].sort((a, b) => order(a) - order(b));
}

function order({ list, index, span }: Finding): number {
  return (list === 'policies' ? 0 : list === 'listPolicies' ? 1 : 2) * 1e9 + (index ?? 0) * 1e5 + (span?.offset ?? 0);
}

function label({ index, name }: Pick<Rule, 'index' | 'name'>): string {
  return `rule ${index}${name === undefined ? '' : ` (${name})`}`;
}

function deadRules(set: PolicySet): Finding[] {
  return reachOf(set).flatMap(({ canApply, canHold, canDecide, shadowedBy }, index): Finding[] => {
    const place = { severity: 'warning', list: 'policies', index, span: undefined } as const;
    if (!canApply) {
      const message = 'The conditions of this rule contradict each other, so it never applies.';
      return [{ ...place, code: 'POLICY_CONTRADICTION', message, hint: 'Mend the conditions, or take the rule out.' }];
    }
    if (!canHold) {
      const message =
        'The condition of this rule is never true: it only applies where it cannot be judged, for instance to a value of a wrong type.';
      return [{ ...place, code: 'POLICY_CONTRADICTION', message, hint: 'Mend the conditions, or take the rule out.' }];
    }
    if (canDecide) return [];
    const earlier = shadowedBy.flatMap((each) => set.rules[each] ?? []);
    const message = `This rule never decides: whenever it applies, ${earlier.map(label).join(' or ')} has decided before.`;
    return [
      {
        ...place,
        code: 'POLICY_UNREACHABLE',
        message,
        hint: 'Put it before the rule that hides it, make that one narrower, or take this one out.',
      },
    ];
  });
}

const listed: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'tool'],
  ['prompts/get', 'prompt'],
  ['resources/read', 'resource'],
]);

/** Items that lists show to somebody although every call is denied: the one place where lists and calls disagree. */
function hollowItems(set: PolicySet): Finding[] {
  if (set.listDefaultAction !== 'callable') return [];
  const atoms = new AtomTable(set);
  const reached = reachOf(set);
  return cellsOf(atoms.all()).flatMap((cell): Finding[] => {
    const noun = listed.get(cell.method ?? '');
    if (noun === undefined || cell.item?.value === undefined) return [];
    const rule = hollowRule(set, cell, atoms);
    if (rule === undefined || reached[rule.index]?.canDecide !== true) return [];
    const message = `The ${noun} ${cell.item.value} is listed because of this rule, but no call of it can be allowed: conditions on its arguments contradict each other.`;
    return [
      {
        code: 'POLICY_HOLLOW_ITEM',
        severity: 'warning',
        list: 'policies',
        index: rule.index,
        span: undefined,
        message,
        hint: `Hide it with a list rule, or mend the conditions.`,
      },
    ];
  });
}

function hollowRule(set: PolicySet, cell: Cell, atoms: AtomTable): Rule | undefined {
  const explorer = new Explorer(cell, atoms);
  const [view] = cell.views;
  if (view === undefined) return undefined;
  const rules = remainingRules(explorer, explorer.demands.rulesOf(set, view), view);
  const granting = rules.find(({ action }) => action === 'allow');
  if (granting === undefined) return undefined;
  let allowed = false;
  const complete = explorer.explore(
    (assignment) => judgeCell(explorer, () => rules, set.defaultAction, assignment),
    ({ outcome }) => {
      allowed = outcome === 'allow';
      return !allowed;
    },
    { left: 5_000 },
  );
  return complete && !allowed ? granting : undefined;
}

/** Rules that do not say which method they are about, as far as that reaches further than it looks. */
function anyMethod(set: PolicySet): Finding[] {
  const atoms = new AtomTable(set);
  // An initialize with parameters that belong to a call is nobody's.
  const bare: KnownCaller = { pin: ({ names }) => (names[0] === 'mcp' && names[1] === 'params' ? undefined : OPEN) };
  const connect = cellsOf(atoms.all(), { caller: bare }).find(({ method }) => method === 'initialize');
  return set.rules.flatMap((rule): Finding[] => {
    if ([...rule.program.leaves.values()].some(({ path }) => keyOf(path) === keyOf({ names: ['mcp', 'method'] })))
      return [];
    const place = { code: 'POLICY_ANY_METHOD', list: 'policies', index: rule.index, span: undefined } as const;
    const match = print(rule.program.expression);
    const restricted = `Equals(\`mcp.method\`, \`${likelyMethod(rule)}\`) && ${rule.program.expression.type === 'or' ? `(${match})` : match}`;
    if (rule.action === 'allow') {
      const message =
        'This rule does not say which methods it allows, so it allows every one, those of later protocol versions too.';
      return [{ ...place, severity: 'info', message, hint: `Name the methods: ${restricted}` }];
    }
    const reaches = connect !== undefined && canApplyIn(rule, connect, atoms);
    if (!reaches) return [];
    const message =
      'This rule does not say which methods it refuses, so it can refuse initialize and ping, too: such a caller cannot connect at all.';
    return [{ ...place, severity: 'info', message, hint: `If only calls are meant: ${restricted}` }];
  });
}

/** What a rule without a method most likely means: only resources have a `uri`. */
function likelyMethod(rule: Rule): string {
  const uri = keyOf({ names: ['mcp', 'params', 'uri'] });
  return [...rule.program.leaves.values()].some(({ path }) => keyOf(path) === uri) ? 'resources/read' : 'tools/call';
}

function canApplyIn(rule: Rule, cell: Cell, atoms: AtomTable): boolean {
  const explorer = new Explorer(cell, atoms);
  return cell.views.some((view) => explorer.standing(rule, view, noChoice) !== false);
}

/** Negated conditions in rules that grant, when nothing in the same conjunction says what the value must be. */
function bareNegations(set: PolicySet): Finding[] {
  return [...set.rules, ...set.listRules].flatMap((rule): Finding[] => {
    if (readingOf(rule.action) !== 'granting') return [];
    const found: { expression: Expression; condition: Condition }[] = [];
    const visit = (expression: Expression, negated: boolean, positive: ReadonlySet<string>): void => {
      if (expression.type === 'not') visit(expression.operand, !negated, positive);
      else if (expression.type === 'call') {
        const condition = rule.program.leaves.get(expression);
        if (
          condition === undefined ||
          !negated ||
          condition.function.name === 'Exists' ||
          positive.has(keyOf(condition.path))
        )
          return;
        found.push({ expression, condition });
      } else {
        const together = (expression.type === 'and') !== negated;
        const own = together
          ? new Set([...positive, ...expression.operands.flatMap((each) => askedIn(each, rule, negated))])
          : positive;
        for (const operand of expression.operands) visit(operand, negated, own);
      }
    };
    visit(rule.program.expression, false, new Set());
    const list = rule.action === 'show' ? 'listPolicies' : 'policies';
    return found.map(({ expression, condition }): Finding => {
      const { path } = condition;
      const message = `This rule ${rule.action === 'show' ? 'shows' : 'allows'} whatever is not named: every other value of ${path.text}, also one that nobody thought of.`;
      return {
        code: 'POLICY_BARE_NEGATION',
        severity: 'warning',
        list,
        index: rule.index,
        span: expression.span,
        message,
        hint: `Name what is allowed, for instance OneOf(\`${path.text}\`, …), or deny ${print(expression)} in a rule before.`,
      };
    });
  });
}

/** Paths of which an operand says what they must be. */
function askedIn(operand: Expression, rule: Rule, negated: boolean): string[] {
  if (operand.type === 'not') return askedIn(operand.operand, rule, !negated);
  if (operand.type !== 'call') {
    const together = (operand.type === 'and') !== negated;
    const parts = operand.operands.map((each) => askedIn(each, rule, negated));
    // Of alternatives, only what each of them asks.
    return together ? parts.flat() : (parts[0] ?? []).filter((key) => parts.every((part) => part.includes(key)));
  }
  const condition = rule.program.leaves.get(operand);
  return negated || condition === undefined || condition.function.name === 'Exists' ? [] : [keyOf(condition.path)];
}

const places: ReadonlySet<string> = new Set(
  [
    ['mcp', 'params', 'uri'],
    ['http', 'path'],
  ].map((names) => keyOf({ names })),
);

/** Prefix and Contains on URIs that go on with a letter or digit: `tenant-1` also matches `tenant-10`. */
function delimiters(set: PolicySet): Finding[] {
  return [...set.rules, ...set.listRules].flatMap((rule): Finding[] =>
    [...rule.program.leaves.values()].flatMap((condition): Finding[] => {
      const { function: row, path, operands, call } = condition;
      if (!places.has(keyOf(path)) || (row.name !== 'Prefix' && row.name !== 'Contains')) return [];
      const [operand] = operands;
      const written = call.arguments[1];
      if (operand === undefined || written === undefined || operand.kind === 'whole') return [];
      const last = operand.kind === 'literal' ? operand.value : operand.pieces.at(-1);
      if (typeof last === 'string' && !/[A-Za-z0-9]$/.test(last)) return [];
      const list =
        readingOf(rule.action) === 'granting' && rule.action === 'show'
          ? 'listPolicies'
          : rule.action === 'hide'
            ? 'listPolicies'
            : 'policies';
      const open = row.name === 'Contains' && /^[A-Za-z0-9$]/.test(written.value) ? `/${written.value}` : written.value;
      const verb = row.name === 'Prefix' ? 'begins with' : 'contains';
      const message = `Every text that ${verb} ${written.value} is meant here, also one that goes on: ${example(written.value)} matches as well.`;
      return [
        {
          code: 'POLICY_DELIMITER',
          severity: 'warning',
          list,
          index: rule.index,
          span: call.span,
          message,
          hint: `End it with a delimiter: ${row.name}(\`${path.text}\`, \`${open}/\`)`,
        },
      ];
    }),
  );
}

function example(value: string): string {
  const shown = value.replace(/\$\{[^}]*\}/g, '1');
  return `${shown}${/[0-9]$/.test(shown) ? '0' : '-other'}`;
}

function openDefault(set: PolicySet): Finding[] {
  if (set.defaultAction !== 'allow') return [];
  const reach = reachOf(set);
  if (set.rules.some(({ action, index }) => action === 'deny' && reach[index]?.canHold === true)) return [];
  const message = 'Whatever no rule is about is allowed, and no rule denies anything: these policies allow everything.';
  return [
    {
      code: 'POLICY_OPEN_DEFAULT',
      severity: 'warning',
      list: 'defaultAction',
      index: undefined,
      span: undefined,
      message,
      hint: 'Write `defaultAction: deny` and allow what is needed.',
    },
  ];
}

function unknownClaims(set: PolicySet, tokens: readonly ObjectValue[]): Finding[] {
  if (tokens.length === 0) return [];
  return eachPath(set).flatMap(({ rule, names, span }): Finding[] => {
    const [root, ...claim] = names;
    if (root !== 'jwt' || tokens.some((token) => hasClaim(token, claim))) return [];
    const [first = ''] = claim;
    const known = tokens.flatMap((token) => [...token.keys()]);
    const near = known.includes(first) ? undefined : nearest(first, known);
    const message = `No sample token has the claim ${claim.join('.')}: ${readingOf(rule.action) === 'granting' ? 'a rule that asks for it never applies' : 'for a caller without it this rule applies unless another condition is false'}.`;
    const list = rule.action === 'show' || rule.action === 'hide' ? 'listPolicies' : 'policies';
    return [
      {
        code: 'POLICY_UNKNOWN_CLAIM',
        severity: 'warning',
        list,
        index: rule.index,
        span,
        message,
        hint:
          near === undefined
            ? known.length === 0
              ? 'The sample tokens have no claims at all: give tokens as callers send them.'
              : `Claims of the sample tokens: ${[...new Set(known)].join(', ')}.`
            : `Did you mean jwt.${[near, ...claim.slice(1)].join('.')}?`,
      },
    ];
  });
}

function hasClaim(token: ObjectValue, path: readonly string[]): boolean {
  const [first = '', ...rest] = path;
  if (!token.has(first)) return false;
  const value = token.get(first);
  // What is inside an array or a text can differ from token to token.
  return rest.length === 0 || !isObject(value) || hasClaim(value, rest);
}

/** Every path that rules read, those inside `${}` included. */
function eachPath(set: PolicySet): { rule: Rule; names: readonly string[]; span: Span }[] {
  return [...set.rules, ...set.listRules].flatMap((rule: Rule) =>
    [...rule.program.leaves.values()].flatMap(({ path, operands, call }) => {
      const inside = operands.flatMap((operand) => {
        if (operand.kind === 'literal') return [];
        return operand.kind === 'whole' ? [operand.path] : operand.pieces.filter((piece) => typeof piece !== 'string');
      });
      return [path, ...inside].map(({ names }) => ({ rule, names, span: call.span }));
    }),
  );
}

function unknownTools(set: PolicySet, tools: readonly string[]): Finding[] {
  const offered = new Set(tools);
  const nameKey = keyOf({ names: ['mcp', 'params', 'name'] });
  return set.rules.flatMap((rule): Finding[] => {
    if (rule.demand.method !== undefined && !rule.demand.method.has('tools/call')) return [];
    return [...rule.program.leaves.values()].flatMap(({ path, operands, call, function: row }): Finding[] => {
      if (keyOf(path) !== nameKey || (row.name !== 'Equals' && row.name !== 'OneOf')) return [];
      return operands.flatMap((operand, position): Finding[] => {
        if (operand.kind !== 'literal' || typeof operand.value !== 'string' || offered.has(operand.value)) return [];
        const near = nearest(operand.value, tools);
        const message = `The upstream offers no tool ${operand.value}${rule.action === 'deny' ? ': the tool that was meant is not denied by this rule' : ''}.`;
        const hint =
          near === undefined
            ? `It offers ${tools.slice(0, 8).join(', ')}${tools.length > 8 ? ', …' : ''}.`
            : `Did you mean ${near}?`;
        return [
          {
            code: 'POLICY_UNKNOWN_TOOL',
            severity: 'warning',
            list: 'policies',
            index: rule.index,
            span: call.arguments[position + 1]?.span,
            message,
            hint,
          },
        ];
      });
    });
  });
}
