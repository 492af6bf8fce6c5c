/**
 * A second, slow reading of the policy language, written from the language page and the corner cases alone: the
 * differential tests hold the engine to it. Plain recursion, nothing compiled, nothing remembered.
 */
import { RE2JS } from 're2js';
import { type Call, type Expr, Num, type Path, strictDecimal, type Written } from './syntax.ts';

/** What JSON says, with numbers as they were written. */
export type Value = null | boolean | string | Num | Value[] | Map<string, Value>;
/** true, false, or undetermined with why. */
export type Outcome = true | false | 'absent' | 'type';
/** `deny` is the reading in which absent request fields make a call false. */
export type Reading = 'allow' | 'deny';

// --- Values (language 2, 3; corners 11, 12, 17, 22, 23) -------------------------------------------------------

/** Reads JSON, keeping the text of numbers. */
export function readJson(text: string): Value {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number') return new Num(context?.source ?? String(value));
    const keep = typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Num;
    return keep ? value : new Map(Object.entries(value));
  }) as Value;
}

export function lookup(path: Path, root: Value): Value | undefined {
  let value: Value | undefined = root;
  for (const name of path) {
    if (value instanceof Map) value = value.get(name);
    else if (Array.isArray(value) && /^(0|[1-9][0-9]*)$/.test(name)) value = value[Number(name)];
    else return undefined;
  }
  return value;
}

/** Sign, digits without zeros at either end, and the exponent of 0.digits. */
function decimal(text: string): { sign: bigint; digits: string; exponent: bigint } {
  const [, minus, whole = '', part = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + part).replace(/^0+/, '');
  const exponent = BigInt(power.replace('+', '')) - BigInt(part.length) + BigInt(all.length);
  const digits = all.replace(/0+$/, '');
  return digits === '' ? { sign: 0n, digits, exponent: 0n } : { sign: minus ? -1n : 1n, digits, exponent };
}

function compareNumbers(left: string, right: string): number {
  const [a, b] = [decimal(left), decimal(right)];
  if (a.sign !== b.sign) return a.sign < b.sign ? -1 : 1;
  if (a.exponent !== b.exponent) return a.exponent < b.exponent === a.sign > 0n ? -1 : 1;
  if (a.digits === b.digits) return 0;
  const width = Math.max(a.digits.length, b.digits.length);
  return a.digits.padEnd(width, '0') < b.digits.padEnd(width, '0') === a.sign > 0n ? -1 : 1;
}

const numberText = (value: Value): string | undefined => {
  if (value instanceof Num) return value.text;
  return typeof value === 'string' && strictDecimal.test(value) ? value : undefined;
};
const isOpen = (value: Value): value is Value[] | Map<string, Value> => Array.isArray(value) || value instanceof Map;

function equal(a: Value, b: Value): boolean {
  if (isOpen(a) || isOpen(b)) return false;
  if (a instanceof Num || b instanceof Num) {
    const [x, y] = [numberText(a), numberText(b)];
    return x !== undefined && y !== undefined && compareNumbers(x, y) === 0;
  }
  return typeof a === 'string' || typeof b === 'string' ? String(a) === String(b) : a === b;
}

/** A written value with its `${}` filled in, or why it cannot be. */
function fill(written: Written, data: Value): { value: Value } | 'absent' | 'type' {
  if (written instanceof Num) return { value: written };
  const found = written.map((piece) => (typeof piece === 'string' ? piece : lookup(piece.path, data)));
  const parts = found.filter((value) => value !== undefined);
  if (parts.length < found.length) return 'absent';
  if (parts.length > 1 && parts.some(isOpen)) return 'type';
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return { value: only };
  return { value: parts.map((part) => (part instanceof Num ? part.text : String(part))).join('') };
}

// --- Outcomes (language 3; corners 20 to 30) ------------------------------------------------------------------

export function callOutcome(call: Call, data: Value, reading: Reading): Outcome {
  const at = lookup(call.path, data);
  if (call.name === 'Exists') return at !== undefined && at !== null;
  const ofRequest = call.path[0] === 'mcp' || call.path[0] === 'http';
  if (at === undefined) return reading === 'deny' && ofRequest ? false : 'absent';
  const filled = call.values.map((written) => fill(written, data));
  if (filled.includes('absent')) return 'absent';
  const values = filled.flatMap((each) => (typeof each === 'string' ? [] : [each.value]));
  if (values.length < filled.length) return 'type';
  const [first = null, second = null] = values;
  switch (call.name) {
    case 'Equals':
      return isOpen(at) || isOpen(first) ? 'type' : equal(at, first);
    case 'OneOf': {
      if (at instanceof Map || values.some((value) => value instanceof Map)) return 'type';
      const wanted = values.flat() as Value[];
      return (Array.isArray(at) ? at : [at]).some((element) => wanted.some((value) => equal(element, value)));
    }
    case 'Contains':
      if (Array.isArray(at)) return isOpen(first) ? 'type' : at.some((element) => equal(element, first));
      return typeof at === 'string' && typeof first === 'string' && first !== '' ? at.includes(first) : 'type';
    case 'Prefix':
    case 'Suffix':
      if (typeof at !== 'string' || typeof first !== 'string' || first === '') return 'type';
      return call.name === 'Prefix' ? at.startsWith(first) : at.endsWith(first);
    case 'SplitContains':
      if (typeof at !== 'string' || typeof first !== 'string' || first === '' || isOpen(second)) return 'type';
      return at.split(first).some((part) => equal(part.trim(), second));
    case 'Matches':
      return typeof at === 'string' ? RE2JS.compile(String(first)).matcher(at).find() : 'type';
    default: {
      const [x, y] = [numberText(at), numberText(first)];
      if (x === undefined || y === undefined) return 'type';
      const order = compareNumbers(x, y);
      const byName = { Lt: order < 0, Lte: order <= 0, Gt: order > 0, Gte: order >= 0 };
      return byName[call.name as keyof typeof byName];
    }
  }
}

/** The outcome of an expression and the call that settled it (corner 37). */
interface Settled {
  readonly outcome: Outcome;
  readonly by: Call;
  /** Whether it is about nothing but which message it is. */
  readonly routing: boolean;
}
export function evaluate(expr: Expr, data: Value, reading: Reading): Settled {
  if (expr.kind === 'call') {
    const routing = /^mcp\.(method|params\.name|params\.uri)$/.test(expr.path.join('.'));
    return { outcome: callOutcome(expr, data, reading), by: expr, routing };
  }
  if (expr.kind === 'not') {
    const inner = evaluate(expr.of, data, reading);
    return { ...inner, outcome: typeof inner.outcome === 'boolean' ? !inner.outcome : inner.outcome };
  }
  const results = expr.of.map((operand) => evaluate(operand, data, reading));
  const routing = results.every((operand) => operand.routing);
  const open = results.filter(({ outcome }) => typeof outcome === 'string');
  const agreeing = open.length > 0 ? open : results;
  const settled =
    results.find(({ outcome }) => outcome === (expr.kind === 'or')) ??
    agreeing.findLast((operand) => !operand.routing) ??
    agreeing.at(-1);
  return { ...(settled as Settled), routing };
}
