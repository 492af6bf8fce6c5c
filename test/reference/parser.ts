/** The parser: the text of a policy as a tree (language 1 and 2). */
import { RE2JS } from 're2js';

/** A number as it was written. */
export type Num = { readonly number: string };

export type Path = string[];
/** What a value is put together from; a path stands for what it leads to. */
export type Written = readonly (string | Num | Path)[];
export type Call = { readonly kind: 'call'; name: string; path: Path; values: readonly Written[] };
export type Expr = Call | { readonly kind: 'not'; of: Expr } | { readonly kind: 'and' | 'or'; of: readonly Expr[] };
export type Rule<Match = Expr> = { readonly match: Match; readonly action: string };
/** The configuration, as written or as read. */
export interface Rules<Match = Expr> {
  readonly policies: readonly Rule<Match>[];
  readonly defaultAction?: string | undefined;
  readonly listPolicies?: readonly Rule<Match>[] | undefined;
  readonly listDefaultAction?: string | undefined;
}
export class Wrong extends Error {}

const wrong = (why: string): never => {
  throw new Wrong(why);
};

/** How many values a function takes after its path: at least, at most. */
const functions = new Map<string, readonly [least: number, most: number]>([
  ...['Equals', 'Contains', 'Prefix', 'Suffix', 'Lt', 'Lte', 'Gt', 'Gte', 'Matches'].map((n) => [n, [1, 1]] as const),
  ['OneOf', [1, Number.POSITIVE_INFINITY]],
  ['SplitContains', [2, 2]],
  ['Exists', [0, 0]],
]);
export const strictDecimal = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?$/;
const token = /[ \t\r\n]*(\|\||&&|[!(),]|[-+.\w]+|`[^`]*`|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'|$)/gsy;
const escapes = new Map(Object.entries({ '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' }));
const ofMcp = /^mcp\.(id|jsonrpc|method|protocolVersion|params(\..+)?)$/s;
const ofOthers = /^(jwt\..+|client\.ip|http\.(method|host|path|headers\.[a-z0-9-]+)|tool\.annotations\.(\\.|[^.])+)$/s;

/** The sign of a number, the power of ten just above it, and its digits without zeros at either end. */
export function decimal(text: string): { sign: number; power: bigint; digits: string } {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e\+?(-?\d+))?$/i.exec(text) ?? [];
  const [, minus, whole = '', fraction = '', exponent = '0'] = parts;
  const digits = (whole + fraction).replace(/^0+/, '');
  const sign = digits === '' ? 0 : minus === '-' ? -1 : 1;
  return { sign, power: BigInt(exponent) + BigInt(digits.length - fraction.length), digits: digits.replace(/0+$/, '') };
}

function readText(quoted: string): string {
  if (!/^[`'"]/.test(quoted)) wrong('argument');
  const inner = quoted.slice(1, -1);
  const decode = (_all: string, code: string) =>
    code.length > 1 ? String.fromCharCode(Number(`0x${code.slice(1)}`)) : (escapes.get(code) ?? wrong('escape'));
  const text = quoted.startsWith('`') ? inner : inner.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, decode);
  return text.isWellFormed() ? text : wrong('half a surrogate pair');
}

function readPath(text: string): Path {
  const names = Array.from(text.matchAll(/(\\.|[^\\.])+/gs), ([name]) => name.replace(/\\(.)/gs, '$1'));
  const again = names.map((name) => name.replace(/[\\.]/g, '\\$&')).join('.');
  const exists = ofMcp.test(text) || ofOthers.test(text);
  return exists && again === text && !names.includes('*') && !text.includes('${') ? names : wrong('path');
}

function readValue(arg: string): Written {
  if (strictDecimal.test(arg)) return [{ number: arg }];
  return Array.from(readText(arg).matchAll(/\$\$\{|\$\{([^}\s]*)\}|\$\{|./gs), ([piece, path]) => {
    if (path !== undefined) return readPath(path);
    return piece === '${' ? wrong('open ${') : piece.replace('$${', '${');
  });
}

function readCall(name: string, [path = '', ...args]: string[]): Call {
  const [least, most] = functions.get(name) ?? wrong('no such function');
  const values = args.map(readValue);
  const [first = []] = values;
  if (args.length < least || args.length > most) wrong('number of arguments');
  if (name === 'SplitContains' && first.length === 0) wrong('empty separator');
  if (name === 'Matches') {
    try {
      RE2JS.compile(first.every((piece) => typeof piece === 'string') ? first.join('') : wrong('not a plain text'));
    } catch {
      wrong('regular expression');
    }
  }
  return { kind: 'call', name, path: readPath(readText(path)), values };
}

export function parse(text: string): Expr {
  if (Buffer.byteLength(text) > 16_384) wrong('too long');
  const tokens = Array.from(text.matchAll(token), ([, found = '']) => found);
  let calls = 0;
  const take = (wanted: string) => tokens[0] === wanted && tokens.shift() !== undefined;
  const ended = <T>(inner: T, by: string): T => (take(by) ? inner : wrong(`expected ${by || 'the end'}`));
  const chain = (kind: 'and' | 'or', sign: string, operand: () => Expr): Expr => {
    const of = [operand()];
    while (take(sign)) of.push(operand());
    return of.length > 1 ? { kind, of } : (of[0] as Expr);
  };
  const expr = (depth: number): Expr => chain('or', '||', () => chain('and', '&&', () => unary(depth)));
  const unary = (depth: number): Expr => {
    if (depth > 256) wrong('too deep');
    if (take('!')) return { kind: 'not', of: unary(depth + 1) };
    if (take('(')) return ended(expr(depth + 1), ')');
    if (++calls > 1024) wrong('too many calls');
    const name = tokens.shift() ?? '';
    if (!take('(')) wrong('expected (');
    const args = [tokens.shift() ?? ''];
    while (take(',')) args.push(tokens.shift() ?? '');
    return ended(readCall(name, args), ')');
  };
  return ended(expr(0), '');
}

export function readRules(text: Rules<string>): Rules {
  const read = (rules: readonly Rule<string>[] = []) => rules.map((rule) => ({ ...rule, match: parse(rule.match) }));
  return { ...text, policies: read(text.policies), listPolicies: read(text.listPolicies) };
}
