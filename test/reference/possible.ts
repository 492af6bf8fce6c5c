/**
 * Every outcome a condition can have when a caller is free to choose parts of the call, by trying: each free path takes
 * each of a pool of values that is made from the texts of the condition and of the data it meets.
 */
import { callOutcome, lookup, type Outcome, type Reading, type Value } from './interpreter.ts';
import { type Call, type Expr, Num, type Path } from './syntax.ts';

/** The parameter that the item binds, and for a resource template what every URI of it begins with. */
export interface Unknown {
  readonly bound: string;
  readonly beginning: string | undefined;
}
/** `undefined` stands for undetermined. */
type Outcomes = ReadonlySet<boolean | undefined>;
const every: Outcomes = new Set([true, false, undefined]);

function isFree(path: Path, unknown: Unknown): boolean {
  if (path[0] !== 'mcp') return false;
  if (path[1] !== 'params') return path[1] === 'id';
  if (path.length === 2) return false;
  return path[2] !== unknown.bound || (unknown.beginning !== undefined && path.length === 3);
}

/** A copy of the data in which the path has this value, or none. */
function placed(root: Value, path: Path, value: Value | undefined): Value {
  const [name, ...rest] = path;
  if (name === undefined) return value ?? null;
  const copy = new Map(root instanceof Map ? root : []);
  if (rest.length === 0 && value === undefined) copy.delete(name);
  else copy.set(name, placed(copy.get(name) ?? null, rest, value));
  return copy;
}

function textsOf(value: Value | undefined): string[] {
  if (value === undefined || value === null || typeof value === 'boolean') return [String(value)];
  if (value instanceof Num) return [value.text];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.flatMap(textsOf) : [];
}

/** The constant texts that a call compares with: written ones, and what its fixed paths lead to. */
function constants(call: Call, root: Value, unknown: Unknown): string[] {
  const paths = call.values
    .flatMap((value) => (value instanceof Num ? [] : value))
    .filter((p) => typeof p !== 'string');
  const fixed = [call.path, ...paths.map(({ path }) => path)].filter((path) => !isFree(path, unknown));
  const written = call.values.flatMap((value) => {
    if (value instanceof Num) return [value.text];
    const filled = value.map((piece) => (typeof piece === 'string' ? piece : textsOf(lookup(piece.path, root))[0]));
    return [filled.join(''), ...filled.join('\0').split('\0')];
  });
  return [...new Set([...written, ...fixed.flatMap((path) => textsOf(lookup(path, root)))])];
}

function parts(text: string): string[] {
  if (text.length > 14) return [text];
  const all: string[] = [];
  for (let from = 0; from <= text.length; from++) {
    for (let to = from; to <= text.length; to++) all.push(text.slice(from, to));
  }
  return all;
}

/** JSON numbers may have exponents that strict decimal texts may not have. */
function numbersNear(text: string): Value[] {
  if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) return [];
  const further = text === '0' ? '1' : `${text}0`;
  return [text, further, `-${further}`.replace('--', ''), '-1e99999', '1e99999'].map((each) => new Num(each));
}

/** Number texts of the same value: the point moved, exponents written in all ways, zeros that change nothing. */
function spelled({ text }: Num): string[] {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? [];
  const digits = `${'0'.repeat(21)}${whole}${fraction}${'0'.repeat(21)}`;
  return Array.from({ length: 41 }, (_, index) => index - 20).flatMap((moved) => {
    const point = 21 + whole.length + moved;
    const before = digits.slice(0, point).replace(/^0+(?=.)/, '');
    const after = digits.slice(point).replace(/0+$/, '');
    const power = BigInt(exponent) - BigInt(moved);
    const size = String(power).replace('-', '');
    const signs = [...(power < 0n ? [] : ['', '+']), ...(power > 0n ? [] : ['-'])];
    const ends = [1, 2, 3, 4].flatMap((length) =>
      signs.flatMap((each) => ['e', 'E'].map((mark) => mark + each + size.padStart(length, '0'))),
    );
    const mantissas = ['', '0', '00'].map((zeros) => (after + zeros === '' ? before : `${before}.${after}${zeros}`));
    return mantissas
      .flatMap((each) => ['', ...ends].map((end) => sign + each + end))
      .filter((each) => power === 0n || /e/i.test(each));
  });
}

/** What can stand in the open part of a longer text so that it spells a number that it is compared with. */
function rests(call: Call, root: Value, unknown: Unknown): string[] {
  const compared = isFree(call.path, unknown) ? [] : [lookup(call.path, root)].flat();
  const texts = compared.flatMap((value) => (value instanceof Num ? spelled(value) : []));
  return call.values.flatMap((value) => {
    const pieces = value instanceof Num ? [] : value;
    const open = pieces.findIndex((piece) => typeof piece !== 'string' && isFree(piece.path, unknown));
    const known = (some: typeof pieces) =>
      some.map((piece) => (typeof piece === 'string' ? piece : textsOf(lookup(piece.path, root))[0])).join('');
    const [before, after] = [known(pieces.slice(0, open)), known(pieces.slice(open + 1))];
    if (open < 0) return [];
    const whole = texts.filter((text) => text.startsWith(before) && text.slice(before.length).endsWith(after));
    return whole.map((text) => text.slice(before.length, text.length - after.length));
  });
}

function pool(texts: readonly string[], beginning: string | undefined): (Value | undefined)[] {
  if (beginning !== undefined) {
    const ends = texts
      .flatMap((text) => [text, ...texts.map((other) => text + other), ...parts(text)])
      .concat(['~', '0', '.5', 'e9999', '9e9999', 'e-9999']);
    const whole = texts.filter((text) => text.startsWith(beginning));
    return [...new Set([beginning, ...whole, ...ends.map((end) => beginning + end)])];
  }
  const pieces = [...new Set(texts.flatMap(parts))];
  const variants = texts.flatMap((text): Value[] => [[text], `~${text}`, ...numbersNear(text)]);
  return [undefined, null, true, [], new Map(), '~', ...variants, ...pieces];
}

/** Whether a number takes part in the call. */
function isNumeric(call: Call, root: Value): boolean {
  if (/^(Lt|Lte|Gt|Gte)$/.test(call.name)) return true;
  const wholes = call.values.map((value) => {
    if (value instanceof Num) return value;
    const [only] = value;
    return value.length === 1 && typeof only === 'object' ? (lookup(only.path, root) ?? null) : null;
  });
  return [lookup(call.path, root), ...wholes].flat().some((value) => value instanceof Num);
}

function callOutcomes(call: Call, root: Value, unknown: Unknown, reading: Reading, loose: boolean): Outcomes {
  const mentioned = [call.path, ...call.values.flatMap((value) => (value instanceof Num ? [] : value))];
  const paths = mentioned.map((piece) => (typeof piece === 'object' && 'path' in piece ? piece.path : piece));
  const free = paths.filter((path) => typeof path !== 'string' && isFree(path, unknown)) as Path[];
  const distinct = [...new Map(free.map((path) => [JSON.stringify(path), path])).values()];
  const own = isFree(call.path, unknown);
  const others = free.length - (own ? 1 : 0);
  if (loose && (distinct.length < free.length || (own && others > 0))) return every;
  if (loose && others > 0 && /^(Lt|Lte|Gt|Gte|SplitContains)$/.test(call.name)) return every;
  if (loose && own && call.name === 'Matches') return every;
  if (loose && own && unknown.beginning !== undefined && isNumeric(call, root)) return every;
  const texts = constants(call, root, unknown);
  const ends = rests(call, root, unknown);
  if (loose && others > 1 && isNumeric(call, root)) return every;
  const found = new Set<boolean | undefined>();
  const attempt = (index: number, tried: Value): void => {
    const path = distinct[index];
    if (path === undefined) {
      const outcome: Outcome = callOutcome(call, tried, reading);
      found.add(typeof outcome === 'boolean' ? outcome : undefined);
      return;
    }
    const isUri = path[2] === unknown.bound ? unknown.beginning : undefined;
    for (const value of [...pool(texts, isUri), ...ends.filter((end) => end.startsWith(isUri ?? ''))]) {
      if (found.size === 3) return;
      attempt(index + 1, placed(tried, path, value));
    }
  };
  attempt(0, root);
  return found;
}

export function possibleOutcomes(
  expr: Expr,
  root: Value,
  unknown: Unknown,
  reading: Reading,
  loose: boolean,
): Outcomes {
  if (expr.kind === 'call') return callOutcomes(expr, root, unknown, reading, loose);
  if (expr.kind === 'not') {
    const inner = possibleOutcomes(expr.of, root, unknown, reading, loose);
    return new Set([...inner].map((outcome) => (outcome === undefined ? undefined : !outcome)));
  }
  const decisive = expr.kind === 'or';
  const operands = expr.of.map((operand) => possibleOutcomes(operand, root, unknown, reading, loose));
  return operands.reduce((left, right) => {
    const both = Array.from(left).flatMap((a) => Array.from(right, (b) => [a, b]));
    return new Set(
      both.map(([a, b]) => {
        if (a === decisive || b === decisive) return decisive;
        return a === undefined || b === undefined ? undefined : !decisive;
      }),
    );
  });
}
