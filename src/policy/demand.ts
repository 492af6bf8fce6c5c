import { type Expression, fold } from '../expression/index.ts';
import type { Condition } from './condition.ts';

/** The fields that rules are looked up by. */
export type IndexField = 'method' | 'name' | 'uri';

/**
 * What a rule needs before it can apply: when a field named here is a text that is not in its set, or is absent, the rule
 * does not apply, whatever else is asked. (A value of another type may still be undetermined, which a `deny` counts.)
 */
export type Demand = Readonly<Partial<Record<IndexField, ReadonlySet<string>>>>;

const fields: ReadonlyMap<string, IndexField> = new Map([
  ['mcp.method', 'method'],
  ['mcp.params.name', 'name'],
  ['mcp.params.uri', 'uri'],
]);

/** Reads off an expression which texts its equality conditions demand. */
export function demandOf(
  expression: Expression,
  conditionOf: (call: Expression & { type: 'call' }) => Condition,
): Demand {
  return fold<Demand>(expression, {
    call: (call) => demandOfCondition(conditionOf(call)),
    not: () => ({}),
    and: (operands) => operands.reduce((a, b) => combine(a, b, intersect)),
    or: (operands) => operands.reduce((a, b) => combine(a, b, unite)),
  });
}

function demandOfCondition({ function: { name }, path, operands }: Condition): Demand {
  const field = fields.get(path.names.join('.'));
  if (field === undefined || (name !== 'Equals' && name !== 'OneOf')) return {};
  const texts = new Set<string>();
  for (const operand of operands) {
    // A number also equals texts that are written otherwise.
    if (operand.kind !== 'literal' || typeof operand.value !== 'string') return {};
    texts.add(operand.value);
  }
  return { [field]: texts };
}

type Combine = (
  a: ReadonlySet<string> | undefined,
  b: ReadonlySet<string> | undefined,
) => ReadonlySet<string> | undefined;

function combine(a: Demand, b: Demand, each: Combine): Demand {
  const demand: Partial<Record<IndexField, ReadonlySet<string>>> = {};
  for (const field of fields.values()) {
    const texts = each(a[field], b[field]);
    if (texts !== undefined) demand[field] = texts;
  }
  return demand;
}

const intersect: Combine = (a, b) => (a === undefined || b === undefined ? (a ?? b) : a.intersection(b));
const unite: Combine = (a, b) => (a === undefined || b === undefined ? undefined : a.union(b));
