import type { WrittenPolicies } from '../../gateway/written-policies.ts';
import { coverageShare, type RuleCoverage } from '../../policy/analysis/index.ts';

/** What cases have left unseen, with places in the manifest. */
export function coverageLines(written: WrittenPolicies, coverage: readonly RuleCoverage[]): string[] {
  const percent = Math.floor(coverageShare(coverage) * 1000) / 10;
  const decided = coverage.filter((rule) => rule.decided > 0).length;
  const lines = [`coverage of ${written.name}: ${percent} % (${decided} of ${coverage.length} rules decide)`];
  for (const rule of coverage) {
    const label = ruleLabel(rule);
    if (rule.decided === 0) lines.push(`  ${placeOf(written, rule)}${label} never decides`);
    for (const { text, span, wasTrue, wasFalse } of rule.operands) {
      if (wasTrue && wasFalse) continue;
      const never = !wasTrue && !wasFalse ? 'never tried' : wasTrue ? 'never false' : 'never true';
      lines.push(`  ${placeOf(written, rule, span)}${label}: ${text} is ${never}`);
    }
  }
  return lines;
}

/** `file:line:column: `, or nothing when the policies stand in no file. */
export function placeOf(
  { diagnose }: WrittenPolicies,
  { list, index }: { readonly list: string; readonly index: number | undefined },
  span?: { readonly offset: number; readonly length: number },
): string {
  const path = index === undefined ? [list] : [list, index, 'match'];
  const { at } = diagnose({ code: 'POLICY_CONSTANT', severity: 'info', message: '', hint: undefined }, path, span);
  return at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
}

function ruleLabel({
  list,
  index,
  name,
}: {
  readonly list: string;
  readonly index: number;
  readonly name?: string | undefined;
}): string {
  const kind = list === 'listPolicies' ? 'list rule' : 'rule';
  return `${kind} ${index}${name === undefined ? '' : ` (${name})`}`;
}
