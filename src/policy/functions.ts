import {
  type Call,
  compilePattern,
  defineVocabulary,
  describeVocabulary,
  FALSE,
  outcomeOf,
  type Parameter,
  problemAt,
  type Report,
  type Value,
} from '../expression/index.ts';
import { type PolicyFunction, toDefinition } from './condition.ts';
import { prefixJudgement, suffixJudgement } from './judgement/affix.ts';
import { comparisonJudgement } from './judgement/comparison.ts';
import { containsJudgement } from './judgement/contains.ts';
import { equalsJudgement } from './judgement/equals.ts';
import type { Judgement } from './judgement/judgement.ts';
import { matchesJudgement } from './judgement/matches.ts';
import { oneOfJudgement } from './judgement/one-of.ts';
import { splitContainsJudgement } from './judgement/split-contains.ts';
import type { Operand } from './operand.ts';
import { CAN_BE_TRUE, EITHER } from './outcome-set.ts';

const path: Parameter = { name: 'path', kind: 'path', summary: 'Where to look: `mcp.params.name`, `jwt.groups`, …' };
const value: Parameter = {
  name: 'value',
  kind: 'value',
  accepts: 'text or number',
  summary: 'A text or a number; `${path}` in a text is replaced.',
};
const separator: Parameter = {
  name: 'separator',
  kind: 'value',
  accepts: 'text or number',
  summary: 'What the text is split on; not empty.',
};
const pattern: Parameter = {
  name: 'pattern',
  kind: 'pattern',
  summary: 'A regular expression in RE2 syntax; `${path}` is not replaced in it.',
};

/** Every function of policies and `claims`: adding one is adding a row here and rows to its tests. */
export const policyFunctions: readonly PolicyFunction[] = [
  {
    name: 'Equals',
    parameters: [path, value],
    summary: 'The scalar at the path equals the value: texts exactly, numbers by mathematical value.',
    examples: ['Equals(`mcp.method`, `tools/call`)', 'Equals(`mcp.params.arguments.owner`, `${jwt.sub}`)'],
    judgement: () => equalsJudgement,
  },
  {
    name: 'OneOf',
    parameters: [path, { ...value, repeats: true }],
    summary:
      'The scalar at the path, or an element of the array there, equals one of the values; an array that `${path}` brings in stands for its elements.',
    examples: ['OneOf(`mcp.params.name`, `tool1`, `tool2`)', 'OneOf(`mcp.params.name`, `${jwt.allowed_tools}`)'],
    judgement: () => oneOfJudgement,
  },
  {
    name: 'Contains',
    parameters: [path, value],
    summary: 'The array at the path has an element equal to the value, or the text there contains it.',
    examples: ['Contains(`jwt.groups`, `admin`)', 'Contains(`mcp.params.uri`, `/tenant-${jwt.tenant_id}/`)'],
    judgement: () => containsJudgement,
  },
  {
    name: 'Prefix',
    parameters: [path, value],
    summary: 'The text at the path begins with the value.',
    examples: ['Prefix(`mcp.params.uri`, `file:///safe/`)'],
    judgement: () => prefixJudgement,
  },
  {
    name: 'Suffix',
    parameters: [path, value],
    summary: 'The text at the path ends with the value.',
    examples: ['Suffix(`mcp.params.uri`, `.md`)'],
    judgement: () => suffixJudgement,
  },
  {
    name: 'SplitContains',
    parameters: [path, separator, value],
    summary:
      'The text at the path, split on the separator, has a part equal to the value; white space around parts is taken off.',
    examples: ['SplitContains(`jwt.scope`, ` `, `mcp:admin`)'],
    judgement: checkSeparator,
  },
  {
    name: 'Lt',
    parameters: [path, value],
    summary: 'The number at the path is less than the value.',
    examples: ['Lt(`mcp.params.arguments.count`, `100`)'],
    judgement: () => lessThan,
  },
  {
    name: 'Lte',
    parameters: [path, value],
    summary: 'The number at the path is less than the value or equal to it.',
    examples: ['Lte(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)'],
    judgement: () => atMost,
  },
  {
    name: 'Gt',
    parameters: [path, value],
    summary: 'The number at the path is greater than the value.',
    examples: ['Gt(`jwt.rate_limit`, `${mcp.params.arguments.requests}`)'],
    judgement: () => greaterThan,
  },
  {
    name: 'Gte',
    parameters: [path, value],
    summary: 'The number at the path is greater than the value or equal to it.',
    examples: ['Gte(`jwt.clearance_level`, `5`)'],
    judgement: () => atLeast,
  },
  {
    name: 'Matches',
    parameters: [path, pattern],
    summary: 'The text at the path matches the regular expression, anywhere in it unless the expression is anchored.',
    examples: ['Matches(`mcp.params.arguments.repoName`, `^acme/[a-z0-9-]+$`)'],
    judgement: compileMatches,
  },
  {
    name: 'Exists',
    parameters: [path],
    summary: 'Something other than `null` is at the path.',
    examples: ['Exists(`jwt.tenant_id`)'],
    judgement: () => exists,
  },
];

const lessThan = comparisonJudgement((order) => order < 0);
const atMost = comparisonJudgement((order) => order <= 0);
const greaterThan = comparisonJudgement((order) => order > 0);
const atLeast = comparisonJudgement((order) => order >= 0);

const exists: Judgement = {
  prepare: () => (subject) => outcomeOf(subject !== null),
  possible: (subject) => (subject.kind === 'text' ? CAN_BE_TRUE : EITHER),
  absent: FALSE,
};

/** The words of policies, list policies and `claims`. */
export const policyVocabulary = defineVocabulary(policyFunctions.map(toDefinition));

/** The functions as plain data, for the reference page and schemas. */
export const policyFunctionDescriptions = describeVocabulary(policyVocabulary);

function checkSeparator(call: Call, [operand]: readonly Operand[], report: Report): Judgement | undefined {
  if (literalOf(operand) !== '') return splitContainsJudgement;
  const message = 'The separator of SplitContains is empty.';
  report(problemAt(spanOfArgument(call, 1), 'EXPRESSION_ARGUMENT', message, 'Name it, for instance a single space.'));
  return undefined;
}

function compileMatches(call: Call, [operand]: readonly Operand[], report: Report): Judgement | undefined {
  const span = spanOfArgument(call, 1);
  const source = literalOf(operand);
  if (typeof source !== 'string') {
    const message = 'A regular expression has no ${} in it: what is brought in would be read as a pattern.';
    report(problemAt(span, 'EXPRESSION_ARGUMENT', message, 'Compare with Equals, Prefix or Contains instead.'));
    return undefined;
  }
  const compiled = compilePattern(source);
  if (compiled.ok) return matchesJudgement(compiled.pattern);
  report(problemAt(span, 'EXPRESSION_PATTERN', `This is not a regular expression of RE2: ${compiled.message}.`));
  return undefined;
}

/** The value of an operand that is a literal. */
function literalOf(operand: Operand | undefined): Value | undefined {
  return operand?.kind === 'literal' ? operand.value : undefined;
}

function spanOfArgument(call: Call, index: number): Call['span'] {
  return call.arguments[index]?.span ?? call.span;
}
