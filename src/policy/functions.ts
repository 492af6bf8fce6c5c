import {
  type Call,
  compareDecimals,
  compilePattern,
  defineVocabulary,
  describeVocabulary,
  FALSE,
  isArray,
  isObject,
  type Outcome,
  outcomeOf,
  type Parameter,
  problemAt,
  type Report,
  scalarText,
  TRUE,
  UNDETERMINED,
  type Value,
} from '../expression/index.ts';
import { type Judge, type Judgement, type PolicyFunction, toDefinition } from './condition.ts';
import { Candidates, equals, isScalar, numericText } from './equality.ts';
import type { Operand } from './operand.ts';
import {
  ANYTHING,
  CAN_BE_FALSE,
  CAN_BE_TRUE,
  CAN_BE_UNDETERMINED,
  EITHER,
  NONE,
  type OutcomeSet,
  only,
} from './outcome-set.ts';
import { possiblePatternOutcomes } from './possible-pattern.ts';
import {
  canBeEmpty,
  canBeNumeric,
  canBeWithin,
  canEnd,
  canEqual,
  canStart,
  knownEnd,
  knownStart,
  type PossibleValue,
} from './possible-value.ts';
import { type Finder, finderOf } from './text-search.ts';

const path: Parameter = { name: 'path', kind: 'path', summary: 'Where to look: `mcp.params.name`, `jwt.groups`, …' };
const value: Parameter = {
  name: 'value',
  kind: 'value',
  accepts: 'text or number',
  summary: 'A text or number; `${path}` in it is replaced.',
};

const undetermined: Judge = () => UNDETERMINED;

/** Every function of policies and `claims`: adding one is adding a row here and rows to its tests. */
export const policyFunctions: readonly PolicyFunction[] = [
  {
    name: 'Equals',
    parameters: [path, value],
    summary: 'The scalar at the path equals the value; numbers by mathematical value, texts exactly.',
    examples: ['Equals(`mcp.method`, `tools/call`)', 'Equals(`mcp.params.arguments.owner`, `${jwt.sub}`)'],
    judgement: () => ({
      prepare: ([expected = null]) => {
        if (!isScalar(expected)) return undetermined;
        return (subject) => (isScalar(subject) ? outcomeOf(equals(subject, expected)) : UNDETERMINED);
      },
      possible: (subject, [expected]) => {
        if (expected === undefined || isFixedNonScalar(expected) || isFixedNonScalar(subject))
          return CAN_BE_UNDETERMINED;
        const open = subject.kind === 'any' || expected.kind === 'any' ? CAN_BE_UNDETERMINED : NONE;
        return open | CAN_BE_FALSE | trueIf(canBeEqual(subject, expected));
      },
    }),
  },
  {
    name: 'OneOf',
    parameters: [path, { ...value, repeats: true }],
    summary:
      'The scalar at the path, or an element of the array there, equals one of the values; an array brought in by `${path}` stands for its elements.',
    examples: ['OneOf(`mcp.params.name`, `tool1`, `tool2`)', 'OneOf(`mcp.params.name`, `${jwt.allowed_tools}`)'],
    judgement: () => ({
      prepare: (values) => {
        if (values.some(isObject)) return undetermined;
        const candidates = new Candidates(values.flatMap(elementsOf));
        return (subject) => {
          if (isObject(subject)) return UNDETERMINED;
          return outcomeOf(
            isArray(subject) ? subject.some((element) => candidates.has(element)) : candidates.has(subject),
          );
        };
      },
      possible: possibleOneOf,
    }),
  },
  {
    name: 'Contains',
    parameters: [path, value],
    summary: 'The array at the path has an element equal to the value, or the text there contains it.',
    examples: ['Contains(`jwt.groups`, `admin`)', 'Contains(`mcp.params.uri`, `/tenant-${jwt.tenant_id}/`)'],
    judgement: () => ({
      prepare: ([wanted = null]) => {
        if (!isScalar(wanted)) return undetermined;
        const finder = typeof wanted === 'string' && wanted !== '' ? finderOf(wanted) : undefined;
        return (subject) => {
          if (isArray(subject)) return outcomeOf(subject.some((element) => equals(element, wanted)));
          if (typeof subject !== 'string' || finder === undefined) return UNDETERMINED;
          return outcomeOf(finder.find(subject, 0) >= 0);
        };
      },
      possible: possibleContains,
    }),
  },
  {
    name: 'Prefix',
    parameters: [path, value],
    summary: 'The text at the path begins with the value.',
    examples: ['Prefix(`mcp.params.uri`, `file:///safe/`)'],
    judgement: () =>
      affix(
        (text, part) => text.startsWith(part),
        canStart,
        (pieces, part) => meets(knownStart(pieces), part, 'start'),
      ),
  },
  {
    name: 'Suffix',
    parameters: [path, value],
    summary: 'The text at the path ends with the value.',
    examples: ['Suffix(`mcp.params.uri`, `.md`)'],
    judgement: () =>
      affix(
        (text, part) => text.endsWith(part),
        canEnd,
        (pieces, part) => meets(knownEnd(pieces), part, 'end'),
      ),
  },
  {
    name: 'SplitContains',
    parameters: [path, { ...value, name: 'separator', summary: 'What the text is split on; not empty.' }, value],
    summary:
      'The text at the path, split on the separator, has a part equal to the value; white space around parts does not count.',
    examples: ['SplitContains(`jwt.scope`, ` `, `mcp:admin`)'],
    judgement: (call, operands, report) => {
      if (isLiteral(operands[0], '')) {
        const span = call.arguments[1]?.span ?? call.span;
        report(
          problemAt(
            span,
            'EXPRESSION_ARGUMENT',
            'The separator of SplitContains is empty.',
            'Name the separator, for instance a single space.',
          ),
        );
        return undefined;
      }
      return {
        prepare: ([separator = null, wanted = null]) => splitJudge(separator, wanted),
        possible: possibleSplitContains,
      };
    },
  },
  comparison(
    'Lt',
    'The number at the path is less than the value.',
    'Lt(`mcp.params.arguments.count`, `100`)',
    (order) => order < 0,
  ),
  comparison(
    'Lte',
    'The number at the path is less than the value or equal to it.',
    'Lte(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)',
    (order) => order <= 0,
  ),
  comparison(
    'Gt',
    'The number at the path is greater than the value.',
    'Gt(`jwt.rate_limit`, `${mcp.params.arguments.requests}`)',
    (order) => order > 0,
  ),
  comparison(
    'Gte',
    'The number at the path is greater than the value or equal to it.',
    'Gte(`jwt.clearance_level`, `5`)',
    (order) => order >= 0,
  ),
  {
    name: 'Matches',
    parameters: [
      path,
      { name: 'pattern', kind: 'pattern', summary: 'A regular expression in RE2 syntax; no `${path}` in it.' },
    ],
    summary: 'The text at the path matches the regular expression, anywhere unless it is anchored.',
    examples: ['Matches(`mcp.params.arguments.repoName`, `^acme/[a-z0-9-]+$`)'],
    judgement: patternJudgement,
  },
  {
    name: 'Exists',
    parameters: [path],
    summary: 'Something other than `null` is at the path.',
    examples: ['Exists(`jwt.tenant_id`)'],
    judgement: () => ({
      prepare: () => (subject) => outcomeOf(subject !== null),
      possible: (subject) => (subject.kind === 'any' ? EITHER : CAN_BE_TRUE),
      absent: FALSE,
    }),
  },
];

/** The words of policies, list policies and `claims`. */
export const policyVocabulary = defineVocabulary(policyFunctions.map(toDefinition));

/** The functions as plain data, for the reference page and schemas. */
export const policyFunctionDescriptions = describeVocabulary(policyVocabulary);

function elementsOf(candidate: Value): readonly Value[] {
  return isArray(candidate) ? candidate : [candidate];
}

function isFixedNonScalar(possible: PossibleValue): boolean {
  return possible.kind === 'fixed' && !isScalar(possible.value);
}

function trueIf(condition: boolean): OutcomeSet {
  return condition ? CAN_BE_TRUE : NONE;
}

/** Whether two values, at least one of them open, can come to be equal. */
function canBeEqual(a: PossibleValue, b: PossibleValue): boolean {
  if (a.kind === 'any') return b.kind !== 'fixed' || isScalar(b.value);
  if (b.kind === 'any') return canBeEqual(b, a);
  if (a.kind === 'fixed') return b.kind === 'fixed' ? equals(a.value, b.value) : canEqual(b.pieces, a.value);
  if (b.kind === 'fixed') return canEqual(a.pieces, b.value);
  return (
    meets(knownStart(a.pieces), knownStart(b.pieces), 'start') !== NONE &&
    meets(knownEnd(a.pieces), knownEnd(b.pieces), 'end') !== NONE
  );
}

function possibleOneOf(subject: PossibleValue, values: readonly PossibleValue[]): OutcomeSet {
  if (values.some((each) => each.kind === 'fixed' && isObject(each.value))) return CAN_BE_UNDETERMINED;
  if (subject.kind === 'fixed' && isObject(subject.value)) return CAN_BE_UNDETERMINED;
  const candidates = values.flatMap((each) =>
    each.kind === 'fixed'
      ? elementsOf(each.value).map((element): PossibleValue => ({ kind: 'fixed', value: element }))
      : [each],
  );
  const subjects: readonly PossibleValue[] =
    subject.kind === 'fixed'
      ? elementsOf(subject.value).map((element) => ({ kind: 'fixed', value: element }))
      : [subject];
  const pairs = subjects.flatMap((each) => candidates.map((candidate) => [each, candidate] as const));
  const settled = pairs.some(([a, b]) => a.kind === 'fixed' && b.kind === 'fixed' && equals(a.value, b.value));
  const open = subject.kind === 'any' || values.some((each) => each.kind === 'any') ? CAN_BE_UNDETERMINED : NONE;
  if (settled) return open | CAN_BE_TRUE;
  return open | CAN_BE_FALSE | trueIf(pairs.some(([a, b]) => canBeEqual(a, b)));
}

function possibleContains(subject: PossibleValue, [wanted]: readonly PossibleValue[]): OutcomeSet {
  if (wanted === undefined || isFixedNonScalar(wanted)) return CAN_BE_UNDETERMINED;
  if (subject.kind === 'any') return ANYTHING;
  if (subject.kind === 'fixed' && isArray(subject.value)) {
    const open = wanted.kind === 'any' ? CAN_BE_UNDETERMINED : NONE;
    return (
      open |
      CAN_BE_FALSE |
      trueIf(subject.value.some((element) => canBeEqual({ kind: 'fixed', value: element }, wanted)))
    );
  }
  if (subject.kind === 'fixed' && typeof subject.value !== 'string') return CAN_BE_UNDETERMINED;
  if (wanted.kind === 'fixed' && (typeof wanted.value !== 'string' || wanted.value === '')) return CAN_BE_UNDETERMINED;
  if (subject.kind === 'fixed') {
    return possibleInText(wanted, String(scalarText(subject.value)), canBeWithin);
  }
  if (wanted.kind !== 'fixed') return EITHER | openPart(wanted);
  const part = String(wanted.value);
  return subject.pieces.some((piece) => piece?.includes(part)) ? CAN_BE_TRUE : EITHER;
}

type FitsIn = (pieces: readonly (string | undefined)[], text: string) => boolean;

/** A text test with a known text and an open part. */
function possibleInText(part: PossibleValue, text: string, fits: FitsIn): OutcomeSet {
  if (part.kind === 'fixed') return NONE;
  return CAN_BE_FALSE | openPart(part) | trueIf(part.kind === 'any' ? text !== '' : fits(part.pieces, text));
}

/** An open part can be of a type that no text contains, or empty. */
function openPart(part: PossibleValue): OutcomeSet {
  if (part.kind === 'any') return CAN_BE_UNDETERMINED;
  return part.kind === 'text' && canBeEmpty(part.pieces) ? CAN_BE_UNDETERMINED : NONE;
}

/** How a known start (or end) of an open text relates to a part that must stand there. */
function meets(known: string, part: string, side: 'start' | 'end'): OutcomeSet {
  const has = (text: string, affix: string) => (side === 'start' ? text.startsWith(affix) : text.endsWith(affix));
  if (has(known, part)) return CAN_BE_TRUE;
  return has(part, known) ? EITHER : NONE;
}

function affix(
  test: (text: string, part: string) => boolean,
  fits: FitsIn,
  known: (pieces: readonly (string | undefined)[], part: string) => OutcomeSet,
): Judgement {
  return {
    prepare: ([part = null]) => {
      if (typeof part !== 'string' || part === '') return undetermined;
      return (subject) => (typeof subject === 'string' ? outcomeOf(test(subject, part)) : UNDETERMINED);
    },
    possible: (subject, [part]) => {
      if (part === undefined) return CAN_BE_UNDETERMINED;
      if (part.kind === 'fixed' && (typeof part.value !== 'string' || part.value === '')) return CAN_BE_UNDETERMINED;
      if (subject.kind === 'any') return ANYTHING;
      if (subject.kind === 'fixed') {
        return typeof subject.value === 'string' ? possibleInText(part, subject.value, fits) : CAN_BE_UNDETERMINED;
      }
      if (part.kind !== 'fixed') return EITHER | openPart(part);
      const set = known(subject.pieces, String(part.value));
      return set === NONE ? CAN_BE_FALSE : set;
    },
  };
}

function isLiteral(operand: Operand | undefined, text: string): boolean {
  return operand?.kind === 'literal' && operand.value === text;
}

function splitJudge(separator: Value, wanted: Value): Judge {
  if (typeof separator !== 'string' || separator === '' || !isScalar(wanted)) return undetermined;
  const finder = finderOf(separator);
  return (subject) =>
    typeof subject === 'string'
      ? outcomeOf(someTrimmedPart(subject, separator.length, finder, (part) => equals(part, wanted)))
      : UNDETERMINED;
}

/** Tests the parts between separators one after the other, without building them all. */
function someTrimmedPart(text: string, width: number, finder: Finder, test: (part: string) => boolean): boolean {
  let start = 0;
  for (;;) {
    const end = finder.find(text, start);
    if (test(text.slice(start, end < 0 ? text.length : end).trim())) return true;
    if (end < 0) return false;
    start = end + width;
  }
}

function possibleSplitContains(subject: PossibleValue, [separator, wanted]: readonly PossibleValue[]): OutcomeSet {
  if (separator === undefined || wanted === undefined || isFixedNonScalar(wanted)) return CAN_BE_UNDETERMINED;
  if (separator.kind === 'fixed' && (typeof separator.value !== 'string' || separator.value === ''))
    return CAN_BE_UNDETERMINED;
  if (subject.kind === 'fixed' && typeof subject.value !== 'string') return CAN_BE_UNDETERMINED;
  const unfit = subject.kind === 'any' || wanted.kind === 'any' ? CAN_BE_UNDETERMINED : NONE;
  const open = unfit | openPart(separator);
  if (separator.kind !== 'fixed' || wanted.kind !== 'fixed') return open | EITHER;
  const mark = String(separator.value);
  if (subject.kind === 'text') {
    // The last part of what is known may still grow; those before it are parts whatever follows.
    const complete = knownStart(subject.pieces).split(mark).slice(0, -1);
    if (complete.some((part) => equals(part.trim(), wanted.value))) return CAN_BE_TRUE;
  }
  return open | CAN_BE_FALSE | trueIf(canBePart(wanted.value, mark));
}

/** Whether a trimmed part of a text split on `separator` can equal a value. */
function canBePart(wanted: Value, separator: string): boolean {
  const text = scalarText(wanted) ?? '';
  // Another text of the same number may do without the separator.
  if (typeof wanted === 'object' && wanted !== null) return true;
  return text === text.trim() && !text.includes(separator);
}

function comparison(name: string, summary: string, example: string, holds: (order: number) => boolean): PolicyFunction {
  return {
    name,
    parameters: [path, value],
    summary,
    examples: [example],
    judgement: () => ({
      prepare: ([bound = null]) => {
        const limit = numericText(bound);
        if (limit === undefined) return undetermined;
        return (subject) => {
          const number = numericText(subject);
          return number === undefined ? UNDETERMINED : outcomeOf(holds(compareDecimals(number, limit)));
        };
      },
      possible: (subject, [bound]) =>
        canCompare(subject) && bound !== undefined && canCompare(bound) ? ANYTHING : CAN_BE_UNDETERMINED,
    }),
  };
}

function canCompare(possible: PossibleValue): boolean {
  if (possible.kind === 'fixed') return numericText(possible.value) !== undefined;
  return possible.kind === 'any' || canBeNumeric(possible.pieces);
}

function patternJudgement(call: Call, [operand]: readonly Operand[], report: Report): Judgement | undefined {
  const span = call.arguments[1]?.span ?? call.span;
  if (operand?.kind !== 'literal' || typeof operand.value !== 'string') {
    const message = 'A regular expression cannot have ${} in it: what it brings in would be read as a pattern.';
    report(problemAt(span, 'EXPRESSION_ARGUMENT', message, 'Compare with Equals, Prefix or Contains instead.'));
    return undefined;
  }
  const compiled = compilePattern(operand.value);
  if (!compiled.ok) {
    report(problemAt(span, 'EXPRESSION_PATTERN', `This is not a regular expression: ${compiled.message}.`));
    return undefined;
  }
  const { pattern } = compiled;
  const judge = (subject: Value): Outcome =>
    typeof subject === 'string' ? outcomeOf(pattern.test(subject)) : UNDETERMINED;
  return {
    prepare: () => judge,
    possible: (subject) => {
      if (subject.kind === 'any') return ANYTHING;
      return subject.kind === 'fixed' ? only(judge(subject.value)) : possiblePatternOutcomes(pattern, subject.pieces);
    },
  };
}

export { TRUE };
