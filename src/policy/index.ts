/**
 * The policies of MCP messages: what they mean, what they decide, what they let a caller see. The second public entry of
 * the package, `portcullis/policy`.
 */
export { type ClaimsCheck, type CompiledClaims, compileClaims } from './claims.ts';
export type {
  Condition,
  ConditionOutcome,
  OpenFacts,
  PolicyFunction,
  Possibility,
  Reading,
  UndeterminedReason,
} from './condition.ts';
export { Decision, type DecisionReason, type DecisionRecord, type Explanation, type ReadValue } from './decision.ts';
export { Facts, type HttpFacts, type PolicyRequest } from './facts.ts';
export { policyFunctionDescriptions, policyFunctions, policyVocabulary } from './functions.ts';
export { type Operand, pathsOf } from './operand.ts';
export { compileClaimsPath, compilePolicyPath, isArgumentPath, type Path } from './path.ts';
export {
  type CompiledPolicySet,
  compilePolicySet,
  type DiagnosePolicy,
  type PolicyConfig,
  type PolicySet,
  type PolicyTrace,
  type ViewTrace,
} from './policy-set.ts';
export {
  compileFieldReader,
  namesItem,
  policyPaths,
  type RecordedFields,
  type RecordedShape,
} from './recorded-fields.ts';
export { decideRecorded, type RecordedRequest, type Redecision } from './replay.ts';
export { type Root, roots } from './root.ts';
export { type Rule, type RuleAction, type RuleConfig, readingOf } from './rule.ts';
export { fieldsRead, type RuleTrace, settlingNode, type TraceNode, traceExpression, traceRule } from './trace.ts';
export { lifecycleMethods, type View, viewsOf } from './view.ts';
export { CallerView, type ItemKind, itemShapes, type ListDefaultAction } from './visibility.ts';
