import { type Call, type Expression, fold } from '../expression/index.ts';

/**
 * What must hold of a request for a rule to be true, as far as it can be read off cheaply; the table is indexed by it.
 * Absent: nothing is known. A demand may be wider than the rule, never narrower.
 */
export interface Demand {
  /** The host is one of these; `.example.com` stands for all hosts one label below. */
  readonly hosts?: ReadonlySet<string>;
  /** The path begins with one of these. */
  readonly prefixes?: ReadonlySet<string>;
}

/** Above this many alternatives an index would cost more than it saves. */
const mostAlternatives = 1_024;

/** Works out the demand of an expression from those of its calls. */
export function demandOf(expression: Expression, ofCall: (call: Call) => Demand): Demand {
  return fold<Demand>(expression, {
    call: ofCall,
    // That something does not match says nothing positive about a request.
    not: () => ({}),
    // Each operand must hold, so the most selective one speaks for all.
    and: (operands) => combine(operands, (sets) => sets.reduce((a, b) => (b.size < a.size ? b : a)), 'some'),
    or: (operands) => combine(operands, (sets) => new Set(sets.flatMap((set) => [...set])), 'every'),
  });
}

function combine(
  operands: readonly Demand[],
  merge: (sets: ReadonlySet<string>[]) => ReadonlySet<string>,
  needed: 'some' | 'every',
): Demand {
  const pick = (key: keyof Demand): ReadonlySet<string> | undefined => {
    const sets = operands.map((operand) => operand[key]).filter((set) => set !== undefined);
    if (needed === 'every' ? sets.length < operands.length : sets.length === 0) return undefined;
    const merged = merge(sets);
    return merged.size > mostAlternatives ? undefined : merged;
  };
  const hosts = pick('hosts');
  const prefixes = pick('prefixes');
  return { ...(hosts === undefined ? {} : { hosts }), ...(prefixes === undefined ? {} : { prefixes }) };
}
