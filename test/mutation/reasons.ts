/**
 * Why a change that no test notices is no gap. A reason holds for survivors in `file` whose source line matches `line`, and
 * whose replacement matches `to` where it is given.
 */
export interface Reason {
  readonly file: string;
  readonly line: RegExp;
  readonly to?: RegExp;
  readonly why: string;
}

const shortPath = 'Same outcome: a text that is not taken for a short number is compared by its digits, only slower.';
const message = 'Only the words of a message for people.';

export const reasons: readonly Reason[] = [
  {
    file: 'src/policy/judgement/equals.ts',
    line: /typeof (?:subject|expected) [!=]== 'string'/,
    why: 'Same outcome: texts are compared by `equals` as well; the line only saves the call.',
  },
  {
    file: 'src/policy/equality.ts',
    line: /\.size > 0/,
    why: 'Same outcome: a lookup in an empty set finds nothing; the size only saves the canonical form.',
  },
  { file: 'src/expression/decimal.ts', line: /short[AB]/, why: shortPath },
  { file: 'src/expression/decimal.ts', line: /return Number\.NaN;/, to: /^(?!isDigit)/, why: shortPath },
  {
    file: 'src/expression/decimal.ts',
    line: /=== MINUS \? 1 : 0|while \(isDigit|if \(index < length\)/,
    why: shortPath,
  },
  { file: 'src/expression/decimal.ts', line: /function isDigit|code >= ZERO/, why: shortPath },
  {
    file: 'src/expression/decimal.ts',
    line: /return a < b \? -1 : 1|sign < 0|value < 0/,
    to: /<=/,
    why: 'Same outcome: zero and equal values have been answered before.',
  },
  {
    file: 'src/expression/decimal.ts',
    line: /integer = ''/,
    why: 'The pattern always finds this part, or the default stands for nothing.',
  },
  {
    file: 'src/expression/decimal.ts',
    line: /start === end/,
    why: 'Zero is told by its sign; its digits are not read.',
  },
  {
    file: 'src/expression/decimal.ts',
    line: /start < digits\.length - 1/,
    why: 'Exponents that are all zeros are told by their value alone.',
  },
  {
    file: 'src/expression/decimal.ts',
    line: /digits\.length <= 15|while \(index >= 0/,
    why: 'Both ways of reckoning give the same number at this border.',
  },
  { file: 'src/expression/compiler.ts', line: /next [<>] outcome/, why: 'Same outcome: equal values change nothing.' },
  { file: 'src/expression/compiler.ts', line: /parameter\?/, why: 'Every function has a parameter.' },
  {
    file: 'src/expression/compiler.ts',
    line: /leaf !== undefined/,
    why: 'A call without a leaf has reported an error, and the map is not used.',
  },
  { file: 'src/expression/parser.ts', line: /SyntaxProblem|JSException/, why: 'Nothing else is thrown there.' },
  { file: 'src/expression/pattern.ts', line: /RE2JSException/, why: 'Nothing else is thrown there.' },
  { file: 'src/expression/pattern.ts', line: /error parsing regexp/, why: message },
  {
    file: 'src/expression/lexer.ts',
    line: /const visible|close < 0/,
    why: 'One character, and a text that begins behind its quote: both forms agree.',
  },
  {
    file: 'src/expression/parser.ts',
    line: /text\.length > limits\.bytes/,
    why: 'Only saves counting bytes of a text that has too many characters already.',
  },
  { file: 'src/expression/parser.ts', line: /this\.#tokens\[/, why: 'There is a last token whenever this is asked.' },
  {
    file: 'src/expression/ast.ts',
    line: /other|b\.type === 'call'/,
    why: 'Lengths and kinds have been compared before.',
  },
  { file: 'src/expression/problem.ts', line: /window|hint === undefined/, why: message },
  {
    file: 'src/policy/equality.ts',
    line: /typeof a === 'string' && typeof b === 'string'/,
    why: 'Same outcome: texts that are not numbers are compared as texts below, too.',
  },
  {
    file: 'src/policy/equality.ts',
    line: /text[AB]? [!=]== undefined/,
    why: 'Only saves asking on: what is no number, or has no text, equals nothing.',
  },
  {
    file: 'src/policy/condition.ts',
    line: /judge !== undefined && subject|judge === undefined|literals === undefined/,
    why: 'Same outcome: the judge that is prepared here would be prepared again for every message.',
  },
  {
    file: 'src/policy/condition.ts',
    line: /root === 'tool'|root === 'mcp' && field === 'params'/,
    why: 'Too often true: an outcome is worked out again for each item that could have been kept. Nothing below `mcp.params` but name and URI differs by item, and all of it has a type that cannot be judged.',
  },
  { file: 'src/policy/condition.ts', line: /pathArgument === undefined/, why: 'Every function has a path.' },
  {
    file: 'src/policy/visibility.ts',
    line: /memory|outcomes === undefined|dependsOnItem|isEmpty|start === undefined/,
    why: 'Only speed: what is kept is worked out again, or rules are tried that cannot apply.',
  },
  {
    file: 'src/policy/visibility.ts',
    line: /const known = /,
    to: /\{2\}|Stryker/,
    why: 'The pattern always matches at the start.',
  },
  { file: 'src/policy/visibility.ts', line: /kind: 'request'/, why: 'Lists are not let through by kind.' },
  { file: 'src/policy/visibility.ts', line: /curable/, why: 'Undefined is as good as false.' },
  { file: 'src/policy/visibility.ts', line: /field === 'params'/, why: 'No other field has anything below it.' },
  { file: 'src/policy/rule.ts', line: /set !== CAN_BE/, why: 'Only saves asking on: what is settled stays so.' },
  {
    file: 'src/policy/possible-value.ts',
    line: /b\.kind !== 'fixed'/,
    why: 'Two values that can be anything are compared the other way round.',
  },
  {
    file: 'src/policy/number-spelling.ts',
    line: /exec\(canonical/,
    why: 'The canonical form has no other shape but 0.',
  },
  {
    file: 'src/policy/number-spelling.ts',
    line: /canBeNumeric|longestText/,
    why: 'Only saves trying what cannot match.',
  },
  {
    file: 'src/policy/text-search.ts',
    line: /<= short/,
    why: 'Same outcome: both searches find the same; this only chooses the quicker one.',
  },
  {
    file: 'src/policy/text-search.ts',
    line: /length <= needle\.length|position < text\.length/,
    why: 'What is added is never looked at.',
  },
  { file: 'src/policy/value-text.ts', line: /room/, why: 'Only limits what is written before it is cut to size.' },
  {
    file: 'src/policy/condition.ts',
    line: /nothing: Possibility/,
    why: 'Where there is no value, nothing else is read.',
  },
  {
    file: 'src/policy/condition.ts',
    line: /first !== undefined && more/,
    to: /^true$/,
    why: 'A text with `${}` in it has several parts, and two that are open are not joined to one.',
  },
  {
    file: 'src/policy/judgement/judgement.ts',
    line: /possible\.kind === 'fixed'/,
    to: /^true$/,
    why: 'What is not fixed has no value, and no value is neither array nor object.',
  },
  {
    file: 'src/policy/judgement/one-of.ts',
    line: /each\.kind === 'fixed'/,
    to: /^true$/,
    why: 'What is not fixed has no value, and no value is no object.',
  },
  {
    file: 'src/policy/judgement/one-of.ts',
    line: /a\.kind === 'fixed' && b\.kind === 'fixed'/,
    to: /^true$|\|\| b\.kind/,
    why: 'What is not fixed has no value, and no value equals nothing.',
  },
  {
    file: 'src/policy/judgement/matches.ts',
    line: /anchoredText\.exec/,
    to: /\[1\]\.replace/,
    why: 'The group takes part in every match.',
  },
  {
    file: 'src/policy/judgement/split-contains.ts',
    line: /wanted\.kind !== 'fixed'/,
    to: /^false$/,
    why: 'What is not fixed has no value, and of no value it cannot be ruled out that it is a part.',
  },
  {
    file: 'src/policy/judgement/split-contains.ts',
    line: /scalarText\(wanted\) \?\?/,
    to: /Stryker/,
    why: 'Every scalar has a text.',
  },
  {
    file: 'src/policy/functions.ts',
    line: /operand\?\.kind === 'literal'/,
    to: /^(?:true|operand\.kind)$/,
    why: 'Calls with too few arguments have been refused, and what is no literal has no value.',
  },
  {
    file: 'src/policy/functions.ts',
    line: /call\.arguments\[index\]/,
    why: 'Calls with too few arguments have been refused before.',
  },
  {
    file: 'src/policy/demand.ts',
    line: /operand\.kind !== 'literal'/,
    to: /^false$/,
    why: 'What is no literal has no value, and no value is no text.',
  },
  {
    file: 'src/policy/root.ts',
    line: /return \(facts\) => facts\.(?:name|uri);|rest\.length === 0/,
    to: /^(?:false|"")$/,
    why: 'Only speed: walking down gives the same.',
  },
  {
    file: 'src/policy/root.ts',
    line: /\[(?:first|name|hint) = ''/,
    why: 'Compiling a path has seen to it that there is a name.',
  },
  {
    file: 'src/policy/rule-index.ts',
    line: /demanding\('uri'\)\.length/,
    to: />=|^""$/,
    why: 'Only speed: rules are looked up by the other field, or by none.',
  },
  {
    file: 'src/policy/rule-index.ts',
    line: /rule\.demand\[field\] \?\?/,
    why: 'Only rules with such a demand come here.',
  },
  {
    file: 'src/policy/rule-index.ts',
    line: /of demand\[field\] \?\?/,
    why: 'One more method is listed with the rules that apply to it, which are the right ones.',
  },
  {
    file: 'src/policy/view.ts',
    line: /typeof method === 'string' &&/,
    to: /^true$/,
    why: 'What is no text is in no set of texts.',
  },
  {
    file: 'src/policy/claims.ts',
    line: /reading: 'granting'/,
    to: /^""$/,
    why: 'Claims are not of the request; only `refusing` would read an absent field of it otherwise.',
  },
  {
    file: 'src/policy/claims.ts',
    line: /^ {2}(?:http|client|route): /,
    why: 'Paths of claims lead to claims only; nothing of a request is read.',
  },
  {
    file: 'src/policy/policy-set.ts',
    line: /each\.ok \? (?:\[each\.rule\]|each\.warnings) : \[\]/,
    to: /Stryker/,
    why: 'Rules and warnings of a policy with an error are not used.',
  },
  {
    file: 'src/policy/policy-set.ts',
    line: /const annotations = kind === 'tools'/,
    to: /^true$/,
    why: 'Annotations are read of tools only.',
  },
  {
    file: 'src/policy/policy-set.ts',
    line: /annotations !== undefined/,
    to: /^true$/,
    why: 'Annotations without a value are none.',
  },
  {
    file: 'src/policy/trace.ts',
    line: /type === 'and' \? FALSE/,
    to: /^true$/,
    why: '`!` has one operand and a call none, so that there is nothing to choose or to pass over.',
  },
  {
    file: 'src/policy/operand.ts',
    line: /value === undefined \? undefined : scalarText/,
    to: /^false$/,
    why: 'No value has no text.',
  },
  {
    file: 'src/policy/operand.ts',
    line: /close < 0|next < 0/,
    to: /<=/,
    why: 'What is looked for stands behind the start, so it is not found at 0.',
  },
  {
    file: 'src/policy/operand.ts',
    line: /text\.indexOf\('\$'/,
    to: /^""$/,
    why: 'Only speed: the text is taken character by character.',
  },
  {
    file: 'src/policy/path.ts',
    line: /\[first = '', second = ''\]/,
    to: /Stryker/,
    why: 'A path has a name, and no second name is near to neither text.',
  },
  {
    file: 'src/policy/path.ts',
    line: /candidates\.some/,
    to: /every/,
    why: 'A root of one name is the only one that begins with it.',
  },
  {
    file: 'src/policy/replay.ts',
    line: /(?:verdict|primary)\[0\]\?\./,
    to: /\[0\]\./,
    why: 'There is always a verdict.',
  },
  {
    file: 'src/policy/replay.ts',
    line: /record\.method !== undefined/,
    to: /^true$/,
    why: 'A method without a value is none.',
  },
  {
    file: 'src/policy/replay.ts',
    line: /return typeof value === 'string' \? value : ''/,
    to: /^true$|Stryker/,
    why: 'What was not recorded is not looked at.',
  },
  {
    file: 'src/policy/replay.ts',
    line: /typeof ip === 'string'|isObject\(annotations\)/,
    to: /^true$/,
    why: 'An address is a text, and annotations are an object, when they were recorded.',
  },
  { file: 'src/policy/replay.ts', line: /length > 1/, to: />= 1/, why: 'No root is recorded as a whole.' },
  {
    file: 'src/policy/replay.ts',
    line: /offset: 0, length: 0/,
    why: 'What is wrong with a recorded path is told to nobody.',
  },
  { file: 'src/policy/replay.ts', line: /\[root = ''/, to: /Stryker/, why: 'A path has a name.' },
  {
    file: 'src/policy/replay.ts',
    line: /!node\.has\(name\)/,
    to: /^true$/,
    why: 'Both were read off the same message, so that they say the same.',
  },
  {
    file: 'src/policy/replay.ts',
    line: /value\.filter|'string'\) return value;/,
    to: /^(?:value|true)$/,
    why: 'All that is recorded of a header is texts.',
  },
  {
    file: 'src/policy/recorded-fields.ts',
    line: /a\.text < b\.text/,
    to: /<=/,
    why: 'No path is there twice.',
  },
  {
    file: 'src/policy/recorded-fields.ts',
    line: /subject !== undefined/,
    to: /^true$|^isObject/,
    why: 'No parameter has no name.',
  },
  {
    file: 'src/policy/recorded-fields.ts',
    line: /typeof method === 'string' && method\.startsWith/,
    to: /^true$/,
    why: 'A method is a text.',
  },
];
