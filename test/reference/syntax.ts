/** The text of the policy language as the reference reads it: language 1 and 2, corners 1 to 19. */
import { RE2JS } from 're2js';

/** A number as it was written. */
export class Num {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type Path = readonly string[];
export type Written = Num | readonly (string | { readonly path: Path })[];
export type Call = { readonly kind: 'call'; name: string; path: Path; values: readonly Written[]; text: string };
export type Expr =
  | Call
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expr[] }
  | { readonly kind: 'not'; readonly of: Expr };
export class Wrong extends Error {}

const wrong = (why: string): never => {
  throw new Wrong(why);
};

export const strictDecimal = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?$/;
/** How many values a function takes after its path: at least, at most. */
const functions = new Map<string, readonly [number, number]>([
  ...['Equals', 'Contains', 'Prefix', 'Suffix', 'Lt', 'Lte', 'Gt', 'Gte', 'Matches'].map((n) => [n, [1, 1]] as const),
  ['OneOf', [1, Number.POSITIVE_INFINITY]],
  ['SplitContains', [2, 2]],
  ['Exists', [0, 0]],
]);
const escapes = new Map(Object.entries({ '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' }));
const nothingBelow = /^(mcp\.(method|id|jsonrpc|protocolVersion)|http\.(method|host|path)|client\.ip)$/;

/** A path and whether it can exist. */
function parsePath(text: string): Path {
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '\\') {
      const next = text.charAt(++at);
      name += next === '.' || next === '\\' ? next : wrong('escape in path');
    } else if (c === '.') {
      names.push(name);
      name = '';
    } else name += c;
  }
  names.push(name);
  if (names.includes('') || names.includes('*') || text.includes('${')) wrong('name in path');
  const [root, second, ...rest] = names;
  const two = `${root}.${second}`;
  const exists =
    (nothingBelow.test(two) && rest.length === 0) ||
    (root === 'mcp' && second === 'params') ||
    (root === 'jwt' && second !== undefined) ||
    (two === 'http.headers' && rest.length === 1 && /^[a-z0-9-]+$/.test(rest[0] ?? '')) ||
    (two === 'tool.annotations' && rest.length === 1);
  return exists ? names : wrong('no such path');
}

function parseValue(text: string): Written {
  const pieces: (string | { path: Path })[] = [];
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('$${', at)) {
      pieces.push('${');
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = text.indexOf('}', at);
      const path = end < 0 ? wrong('open ${') : text.slice(at + 2, end);
      pieces.push({ path: /\s/.test(path) ? wrong('blank in ${}') : parsePath(path) });
      at = end + 1;
    } else pieces.push(text.charAt(at++));
  }
  return pieces;
}

const isPlain = (written: Written): written is readonly string[] =>
  !(written instanceof Num) && written.every((piece) => typeof piece === 'string');

export function parse(text: string): Expr {
  if (Buffer.byteLength(text) > 16_384) wrong('too long');
  let at = 0;
  let depth = 0;
  let calls = 0;
  const blank = () => {
    while (' \t\r\n'.includes(text.charAt(at)) && at < text.length) at++;
  };
  const take = (token: string): boolean => {
    blank();
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const need = (token: string) => take(token) || wrong(`expected ${token}`);
  const deeper = <T>(inner: () => T): T => {
    if (++depth > 256) wrong('too deep');
    const result = inner();
    depth--;
    return result;
  };
  const chain = (kind: 'and' | 'or', token: string, operand: () => Expr): Expr => {
    const of = [operand()];
    while (take(token)) of.push(operand());
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind, of };
  };
  const expr = (): Expr => chain('or', '||', () => chain('and', '&&', unary));
  const unary = (): Expr => {
    if (take('!')) return { kind: 'not', of: deeper(unary) };
    if (take('(')) {
      const inner = deeper(expr);
      need(')');
      return inner;
    }
    return call();
  };
  const quoted = (quote: string): string => {
    let result = '';
    for (at++; text.charAt(at) !== quote; at++) {
      const c = text.charAt(at);
      if (at >= text.length) wrong('open text');
      if (quote !== '`' && (c === '\n' || c === '\r')) wrong('line break');
      if (quote === '`' || c !== '\\') result += c;
      else if (text.charAt(++at) === 'u') {
        const hex = /^[0-9a-fA-F]{4}/.exec(text.slice(at + 1))?.[0] ?? wrong('\\u');
        result += String.fromCharCode(Number.parseInt(hex, 16));
        at += 4;
      } else result += escapes.get(text.charAt(at)) ?? wrong('escape');
    }
    at++;
    return result.isWellFormed() ? result : wrong('half a surrogate pair');
  };
  const arg = (): string | Num => {
    blank();
    const c = text.charAt(at);
    if (c !== '' && '`"\''.includes(c)) return quoted(c);
    const word = /^[-+.\w]+/.exec(text.slice(at))?.[0] ?? wrong('argument');
    at += word.length;
    return strictDecimal.test(word) ? new Num(word) : wrong('argument');
  };
  const call = (): Call => {
    blank();
    const start = at;
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(at))?.[0] ?? wrong('expected a call');
    at += name.length;
    const [least, most] = functions.get(name) ?? wrong('no such function');
    need('(');
    if (++calls > 1024) wrong('too many calls');
    const args = [arg()];
    while (take(',')) args.push(arg());
    need(')');
    const [path, ...rest] = args;
    if (typeof path !== 'string' || rest.length < least || rest.length > most) return wrong('arguments');
    const values = rest.map((value) => (value instanceof Num ? value : parseValue(value)));
    const [first] = values;
    if (name === 'SplitContains' && first !== undefined && isPlain(first) && first.length === 0) wrong('separator');
    if (name === 'Matches') {
      try {
        RE2JS.compile(first !== undefined && isPlain(first) ? first.join('') : wrong('not a plain text'));
      } catch {
        wrong('regular expression');
      }
    }
    return { kind: 'call', name, path: parsePath(path), values, text: text.slice(start, at) };
  };
  const result = expr();
  blank();
  return at === text.length ? result : wrong('text after the expression');
}
