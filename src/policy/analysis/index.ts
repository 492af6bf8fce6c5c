/** What can be said about policies without traffic: pure functions over compiled policies. */

export { ABSENT } from './atom.ts';
export { CoverageRecorder, coverageShare, type RuleCoverage } from './coverage.ts';
export { type Change, type ChangeCondition, type ConditionLiteral, diffPolicies, type PolicyDiff } from './diff.ts';
export { type Finding, lintPolicies } from './lint.ts';
export type { ListChange } from './list-diff.ts';
export * from './matrix.ts';
export { type Mutant, mutantsOf } from './mutate.ts';
export { type PathValue, requestFrom } from './request-from.ts';
export { jsonText } from './request-text.ts';
export { whyVisible } from './why-hidden.ts';
