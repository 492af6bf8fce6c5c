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
  { file: 'src/policy/visibility.ts', line: /const nothing/, why: 'Where there is no value, nothing else is read.' },
  { file: 'src/policy/visibility.ts', line: /field === 'params'/, why: 'No other field has anything below it.' },
  { file: 'src/policy/open-message.ts', line: /const nothing/, why: 'Where there is no value, nothing else is read.' },
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
    line: /canBeNumeric|length >= digits\.length|longestText|\[1, 2, 3, 4\]/,
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
];
