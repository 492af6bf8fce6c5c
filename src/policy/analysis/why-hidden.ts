import { type Expression, type ObjectValue, print, type Value } from '../../expression/index.ts';
import { Facts, type PolicyRequest } from '../facts.ts';
import { CAN_BE_TRUE } from '../outcome-set.ts';
import type { Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';
import { AtomTable, keyOf } from './atom.ts';
import { callerWith, cellsOf, OPEN } from './cells.ts';
import { Explorer, noChoice } from './explorer.ts';

/** Why a caller does or does not see an item. */
export interface VisibilityReason {
  readonly shown: boolean;
  /** A list rule that decided, or the default, or what could be called. */
  readonly by: 'listRule' | 'listDefault' | 'callable' | 'unnamed';
  readonly listRule: Rule | undefined;
  /** For `callable`: the rules about the item, in order. */
  readonly rules: readonly {
    readonly rule: Rule;
    readonly standing: 'always' | 'perhaps' | 'never';
    readonly because: VisibilityCause | undefined;
  }[];
}

/** The part of a rule that keeps it from applying. */
export interface VisibilityCause {
  readonly text: string;
  readonly reads: readonly { readonly path: Path; readonly value: Value | undefined }[];
}

/** Explains what {@link PolicySet.visible} says of an item. */
export function whyVisible(
  set: PolicySet,
  kind: Exclude<ItemKind, 'resourceTemplates'>,
  item: ObjectValue,
  request: PolicyRequest,
): VisibilityReason {
  const shown = set.visible(kind, item, request);
  const { listMethod, callMethod, member, parameter } = itemShapes[kind];
  const name = item.get(member);
  if (typeof name !== 'string') return { shown, by: 'unnamed', listRule: undefined, rules: [] };
  const facts = new Facts(request, {
    method: listMethod,
    params: new Map([[parameter, name]]),
    annotations: undefined,
  });
  const listRule = set.listRules.find((rule) => rule.applies(facts));
  if (listRule !== undefined) return { shown, by: 'listRule', listRule, rules: [] };
  if (set.listDefaultAction !== 'callable') return { shown, by: 'listDefault', listRule: undefined, rules: [] };

  const atoms = new AtomTable(set);
  const given = parameter === 'name' ? { names: [name] } : { uris: [name] };
  const cell = cellsOf(atoms.all(), { caller: knownCaller(request), ...given }).find(
    (each) => each.method === callMethod && each.item?.value === name,
  );
  const [view] = cell?.views ?? [];
  if (cell === undefined || view === undefined) return { shown, by: 'callable', listRule: undefined, rules: [] };
  const explorer = new Explorer(cell, atoms);
  const call = new Facts(
    { ...request, kind: 'request' },
    { method: callMethod, params: new Map([[parameter, name]]), annotations: undefined },
  );
  const rules = set.rules.flatMap((rule) => {
    const standing = explorer.standing(rule, view, noChoice);
    const never = standing === false;
    // A rule about other methods or other items says nothing here.
    if (never && isElsewhere(rule, callMethod, name)) return [];
    const because = never ? causeOf(explorer, rule, view, call) : undefined;
    return [
      {
        rule,
        standing: standing === true ? ('always' as const) : never ? ('never' as const) : ('perhaps' as const),
        because,
      },
    ];
  });
  return { shown, by: 'callable', listRule: undefined, rules };
}

/** Everything about the caller and the HTTP request is known; only the arguments are open. */
function knownCaller(request: PolicyRequest) {
  const claims = callerWith(request.jwt);
  const facts = new Facts(request);
  return {
    pin: (path: Path) => {
      if (path.names[0] === 'jwt') return claims.pin(path);
      return path.names[0] === 'mcp' && path.names[1] !== 'protocolVersion'
        ? OPEN
        : path.names[0] === 'tool'
          ? OPEN
          : path.read(facts);
    },
  };
}

function isElsewhere({ demand }: Rule, method: string, name: string): boolean {
  const item = demand.name ?? demand.uri;
  return demand.method?.has(method) === false || item?.has(name) === false;
}

/** The smallest part that makes a rule false (or, of a rule that grants, not true). */
function causeOf(
  explorer: Explorer,
  rule: Rule,
  view: Parameters<Explorer['standing']>[1],
  facts: Facts,
): VisibilityCause {
  const lacksTruth = (expression: Expression) =>
    (explorer.outcomes(expression, rule, view, noChoice).set & CAN_BE_TRUE) === 0;
  let part = rule.program.expression;
  while (part.type === 'and') {
    const next: Expression | undefined =
      part.operands.find((operand) => lacksTruth(operand) && !isRouting(operand, rule)) ??
      part.operands.find(lacksTruth);
    if (next === undefined) break;
    part = next;
  }
  const leaves = [...rule.program.leaves].filter(([call]) => within(call, part));
  return { text: print(part), reads: leaves.flatMap(([, condition]) => condition.explain(facts).reads) };
}

function isRouting(expression: Expression, rule: Rule): boolean {
  const condition = expression.type === 'call' ? rule.program.leaves.get(expression) : undefined;
  return condition !== undefined && keyOf(condition.path) === keyOf({ names: ['mcp', 'method'] });
}

function within(call: Expression, part: Expression): boolean {
  return (
    call.span.offset >= part.span.offset && call.span.offset + call.span.length <= part.span.offset + part.span.length
  );
}
