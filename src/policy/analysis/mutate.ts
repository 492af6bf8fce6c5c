import {
  type Argument,
  type Call,
  type Expression,
  isStrictDecimal,
  parse,
  print,
  type Span,
} from '../../expression/index.ts';
import type { PolicyConfig } from '../policy-set.ts';

/** A policy with one small mistake in it. */
export interface Mutant {
  readonly list: 'policies' | 'listPolicies' | 'default';
  /** Index of the rule that is changed. */
  readonly index: number | undefined;
  /** Where in its match, when the match is changed. */
  readonly span: Span | undefined;
  readonly what: string;
  readonly config: PolicyConfig;
}

/** Policies that differ from a policy by one slip each: a flipped action, a lost condition, two rules that changed places, … */
export function mutantsOf(config: PolicyConfig): Mutant[] {
  const policies = config.policies ?? [];
  const listPolicies = config.listPolicies ?? [];
  const opposite = { allow: 'deny', deny: 'allow', show: 'hide', hide: 'show' } as const;
  const mutants: Mutant[] = [
    ...listMutants(
      'policies',
      policies,
      (each) => ({ ...config, policies: each }),
      (rule) => ({ ...rule, action: opposite[rule.action] }),
    ),
    ...listMutants(
      'listPolicies',
      listPolicies,
      (each) => ({ ...config, listPolicies: each }),
      (rule) => ({ ...rule, action: opposite[rule.action] }),
    ),
  ];
  const defaultAction = config.defaultAction ?? 'deny';
  mutants.push({
    list: 'default',
    index: undefined,
    span: undefined,
    what: `defaultAction: ${opposite[defaultAction]} instead of ${defaultAction}`,
    config: { ...config, defaultAction: opposite[defaultAction] },
  });
  return mutants;
}

function listMutants<R extends { readonly match: string; readonly action: string }>(
  list: 'policies' | 'listPolicies',
  rules: readonly R[],
  withRules: (rules: readonly R[]) => PolicyConfig,
  flipped: (rule: R) => R,
): Mutant[] {
  return rules.flatMap((rule, index): Mutant[] => {
    const make = (what: string, changed: readonly R[], span?: Span): Mutant => ({
      list,
      index,
      span,
      what,
      config: withRules(changed),
    });
    const found = [
      make(`${flipped(rule).action} instead of ${rule.action}`, rules.with(index, flipped(rule))),
      make('the rule is left out', rules.toSpliced(index, 1)),
    ];
    const next = rules[index + 1];
    if (next !== undefined)
      found.push(make('the rule changes places with the next', rules.with(index, next).with(index + 1, rule)));
    const parsed = parse(rule.match);
    if (!parsed.ok) return found;
    for (const variant of variantsOf(parsed.expression)) {
      const match = print(variant.expression);
      if (match !== print(parsed.expression))
        found.push(make(variant.what, rules.with(index, { ...rule, match }), variant.span));
    }
    return found;
  });
}

interface Variant {
  readonly expression: Expression;
  readonly what: string;
  readonly span: Span;
}

/** Every expression that differs in one place. */
function variantsOf(expression: Expression): Variant[] {
  const here = localVariants(expression);
  if (expression.type === 'call') return here;
  if (expression.type === 'not') {
    const inner = variantsOf(expression.operand).map((each) => ({
      ...each,
      expression: { ...expression, operand: each.expression },
    }));
    return [...here, ...inner];
  }
  const inner = expression.operands.flatMap((operand, index) =>
    variantsOf(operand).map((each) => ({
      ...each,
      expression: { ...expression, operands: expression.operands.with(index, each.expression) },
    })),
  );
  return [...here, ...inner];
}

const neighbours: Readonly<Record<string, readonly string[]>> = {
  Lt: ['Lte', 'Gt'],
  Lte: ['Lt', 'Gte'],
  Gt: ['Gte', 'Lt'],
  Gte: ['Gt', 'Lte'],
  Prefix: ['Contains', 'Suffix'],
  Suffix: ['Contains', 'Prefix'],
  Contains: ['Equals'],
};

function localVariants(expression: Expression): Variant[] {
  const { span } = expression;
  if (expression.type === 'not') return [{ expression: expression.operand, what: 'without the `!`', span }];
  if (expression.type === 'call') return callVariants(expression);
  const other = expression.type === 'and' ? 'or' : 'and';
  const sign = { and: '&&', or: '||' };
  const dropped = expression.operands.map((operand, index): Variant => {
    const operands = expression.operands.toSpliced(index, 1);
    const [single] = operands;
    const rest: Expression = operands.length === 1 && single !== undefined ? single : { ...expression, operands };
    return { expression: rest, what: `without ${print(operand)}`, span: operand.span };
  });
  return [
    {
      expression: { ...expression, type: other },
      what: `\`${sign[other]}\` instead of \`${sign[expression.type]}\``,
      span,
    },
    ...dropped,
  ];
}

function callVariants(call: Call): Variant[] {
  const { span, name } = call;
  const variants: Variant[] = [
    { expression: { type: 'not', operand: call, span }, what: `!${print(call)} instead of ${print(call)}`, span },
  ];
  for (const other of neighbours[name] ?? []) {
    variants.push({ expression: { ...call, name: other }, what: `${other} instead of ${name}`, span: call.nameSpan });
  }
  const [path, ...values] = call.arguments;
  if (path === undefined || name === 'Matches') return variants;
  values.forEach((argument, index) => {
    const changed = otherValue(argument);
    variants.push({
      expression: { ...call, arguments: call.arguments.with(index + 1, changed) },
      what: `${changed.value} instead of ${argument.value}`,
      span: argument.span,
    });
    if (name === 'OneOf' && values.length > 1) {
      variants.push({
        expression: { ...call, arguments: call.arguments.toSpliced(index + 1, 1) },
        what: `without ${argument.value}`,
        span: argument.span,
      });
    }
  });
  return variants;
}

/** The next number for a number, a longer text for a text. */
function otherValue(argument: Argument): Argument {
  const { value } = argument;
  if (isStrictDecimal(value) && value.length < 15) return { ...argument, value: String(Number(value) + 1) };
  return { ...argument, value: `${value}-other` };
}
