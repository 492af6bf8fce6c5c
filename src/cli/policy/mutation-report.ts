import { diffPolicies, type Mutant, mutantsOf } from '../../policy/analysis/index.ts';
import { compilePolicySet } from '../../policy/index.ts';
import { placeOf } from './coverage-report.ts';
import { runCase } from './run-case.ts';
import type { TestGroup } from './test-groups.ts';

/**
 * Puts every small mistake into the policies and tells which of them no case notices. A mistake that changes nothing
 * for anybody, which the comparison of policies can prove, does not count.
 */
export function survivorsOf({ written, cases }: TestGroup): { lines: string[]; survivors: number } {
  const alive: Mutant[] = [];
  let noticed = 0;
  let harmless = 0;
  for (const mutant of mutantsOf(written.config)) {
    const compiled = compilePolicySet(mutant.config, { middleware: written.name, diagnose: (problem) => problem });
    if (!compiled.ok) continue;
    const { policies } = compiled;
    if (
      cases.some(({ prepared }) => runCase(policies, { ...prepared, case: withoutRule(prepared.case) }) !== undefined)
    )
      noticed += 1;
    else if (changesNothing(diffPolicies(written.policies, policies))) harmless += 1;
    else alive.push(mutant);
  }
  const counted = noticed + alive.length;
  const score = counted === 0 ? 100 : Math.floor((noticed / counted) * 1000) / 10;
  const lines = [
    `mutation of ${written.name}: ${noticed} of ${counted} mistakes noticed (${score} %)${harmless === 0 ? '' : `, ${harmless} more change nothing`}`,
    ...alive.map(
      (mutant) => `  ${placeOf(written, mutant, mutant.span)}${label(mutant)}: no case notices: ${mutant.what}`,
    ),
  ];
  return { lines, survivors: alive.length };
}

/** Indexes shift when a rule is left out; what counts is the decision. */
function withoutRule(one: Parameters<typeof runCase>[1]['case']): typeof one {
  return one.written.rule === undefined ? one : { ...one, written: { ...one.written, rule: undefined } };
}

function changesNothing({
  changes,
  unknown,
  unexamined,
  lists,
  unknownLists,
}: ReturnType<typeof diffPolicies>): boolean {
  return [changes, unknown, unexamined, lists, unknownLists].every((found) => found.length === 0);
}

function label({ list, index }: Mutant): string {
  if (index === undefined) return 'default';
  return list === 'listPolicies' ? `list rule ${index}` : `rule ${index}`;
}
