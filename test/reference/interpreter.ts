/** What an expression comes to: plain recursion over its tree (language 2, 3). */
import { elements, functions, isNum, isOpen, textOf, type Value } from './functions.ts';
import { type Call, decimal, type Expr, type Num, type Path, type Written } from './parser.ts';

/** true, false, or undetermined with why. */
export type Outcome = boolean | 'absent' | 'type';
type Read = (path: Path) => Value | undefined;

export function lookup(path: Path, root: Value | undefined): Value | undefined {
  return path.reduce<Value | undefined>((value, name) => {
    if (value instanceof Map) return value.get(name);
    return Array.isArray(value) && /^(0|[1-9][0-9]*)$/.test(name) ? value[Number(name)] : undefined;
  }, root);
}

const fill = (written: Written, read: Read): (Value | undefined)[] =>
  written.map((piece) => (Array.isArray(piece) ? read(piece) : piece));

/** `deny` is the reading in which an absent request field makes a call false (language 4). */
function outcomeOf({ name, path, values }: Call, read: Read, deny: boolean): Outcome {
  const at = read(path);
  if (at === undefined) return name === 'Exists' || (deny && /^(mcp|http)$/.test(path[0] ?? '')) ? false : 'absent';
  const filled = values.map((written) => fill(written, read));
  if (filled.some((pieces) => pieces.includes(undefined))) return 'absent';
  if (filled.some((pieces) => pieces.length > 1 && pieces.some(isOpen))) return 'type';
  const all = filled.map((pieces) => (pieces.length === 1 ? pieces[0] : pieces.map(textOf).join('')) ?? null);
  return functions.get(name)?.(at, all[0] ?? null, all[1] ?? null, all) ?? 'type';
}

/** An outcome and the call that settled it; `routing` if it is about nothing but which message it is. */
export type Settled = { readonly outcome: Outcome; readonly by: Call; readonly routing: boolean };

/** All that an expression can come to, each operand taken for itself; `ask` says what a call can come to. */
export function evaluate(expr: Expr, ask: (call: Call) => Outcome[]): Settled[] {
  if (expr.kind === 'call') {
    const routing = /^mcp\.(method|params\.name|params\.uri)$/.test(expr.path.join('.'));
    return ask(expr).map((outcome) => ({ outcome, by: expr, routing }));
  }
  if (expr.kind === 'not') {
    const inner = evaluate(expr.of, ask);
    return inner.map((one) => (typeof one.outcome === 'string' ? one : { ...one, outcome: !one.outcome }));
  }
  const combine = (rows: Settled[][], operand: Expr) =>
    evaluate(operand, ask).flatMap((each) => rows.map((row) => [...row, each]));
  const settled = expr.of.reduce(combine, [[]]).map((row) => settle(row, expr.kind === 'or'));
  return [...new Map(settled.map((each) => [each.outcome, each])).values()];
}

/** A chain comes to the first operand that decides it, else to the last that leaves it open, else to the last. */
function settle(row: Settled[], decisive: boolean): Settled {
  const open = row.filter(({ outcome }) => typeof outcome === 'string');
  const last = (open.length > 0 ? open : row).toSorted((a, b) => Number(b.routing) - Number(a.routing)).at(-1);
  const by = (row.find(({ outcome }) => outcome === decisive) ?? last) as Settled;
  return { ...by, routing: row.every(({ routing }) => routing) };
}

/** What is `bound`, for a template only its `beginning`; all else is free. `loose` takes what is unsure as possible. */
export type Free = { readonly bound: string; readonly beginning: string | undefined; readonly loose: boolean };

function isFree([root, under, name, ...below]: Path, { bound, beginning }: Free): boolean {
  if (root !== 'mcp' || under !== 'params') return root === 'mcp' && under === 'id';
  return name !== undefined && (name !== bound || (beginning !== undefined && below.length === 0));
}

/** All outcomes of a call: one when nothing in it is free. */
export function possible(call: Call, root: Value, deny: boolean, free?: Free): Outcome[] {
  const paths = [call.path, ...call.values.flat().filter((piece) => Array.isArray(piece))];
  const open = new Map(paths.filter((path) => free && isFree(path, free)).map((path) => [path, String(path)]));
  const keys = [...new Set(open.values())];
  const known = (path: Path) => (open.has(path) ? undefined : lookup(path, root));
  if (!free || keys.length === 0) return [outcomeOf(call, known, deny)];
  if (free.loose && isUnsure(call, known, open.size, keys.length, free)) return [true, false, 'type'];
  const start = free.beginning ?? '';
  const met = paths.flatMap((path) => elements(known(path) ?? start)).map(textOf);
  const filled = call.values.map((written) => fill(written, known));
  const gaps = filled.map((pieces) => pieces.map((piece = unknown) => textOf(piece)).join(''));
  const whole = [...new Set([...gaps.map((text) => text.replaceAll(unknown, '')), ...met, ...apart])];
  const pairs = whole.flatMap((text) => whole.map((other) => text + other));
  const far = Math.max(24, ...gaps.map((text) => Number(/\d{0,3}$/.exec(text)?.[0])));
  const spelled = elements(known(call.path) ?? null).flatMap((value) => (isNum(value) ? spellings(value, far) : []));
  const rests = gaps.filter((text) => text.includes(unknown)).flatMap((text) => restsOf(text, spelled));
  const texts = [...new Set([...whole, ...whole.flatMap(partsOf), ...pairs, ...rests])];
  const numbers = texts.filter((text) => jsonNumber.test(text)).map((number) => ({ number }));
  const arrays = [...whole, ...numbers].map((value) => [value]);
  const values: (Value | undefined)[] = [undefined, null, true, [], new Map(), ...texts, ...numbers, ...arrays];
  const uris = [...texts.filter((text) => text.startsWith(start)), ...texts.map((text) => start + text)];
  const few = (key: string) => (key === `mcp,params,${free.bound}` ? uris : values).slice(0, 3e4 ** (1 / keys.length));
  const grow = (rows: (Value | undefined)[][], key: string) =>
    rows.flatMap((row) => few(key).map((value) => [...row, value]));
  const found = new Set<Outcome>();
  for (const chosen of keys.reduce(grow, [[]])) {
    if (found.size === 3) break;
    const outcome = outcomeOf(call, (at) => (open.has(at) ? chosen[keys.indexOf(String(at))] : known(at)), deny);
    found.add(typeof outcome === 'boolean' ? outcome : 'type');
  }
  return [...found];
}

/** What the page leaves open: where few texts would do, or those that do for one place need not do for another. */
function isUnsure({ name, path, values }: Call, known: Read, open: number, distinct: number, free: Free): boolean {
  const wholes = [[path], ...values].filter((pieces) => pieces.length === 1).flatMap((whole) => fill(whole, known));
  const numeric = /^[LG]te?$/.test(name) || wholes.some((value = null) => elements(value).some(isNum));
  if (isFree(path, free)) return open > 1 || name === 'Matches' || (numeric && path[2] === free.bound);
  return open > distinct || /^([LG]te?|SplitContains)$/.test(name) || (numeric && open > 1);
}

/** Stands for what is free in a text; no text holds it, since it is half a surrogate pair. */
const unknown = '\ud800';
/** Texts that other texts and numbers differ from, and that make numbers of them. */
const apart = ['~', '-', '0', '1', '.5', 'e9999', '9e9999', 'e-9999'];
const jsonNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** What completes a text with a gap to one of the others. */
function restsOf(gap: string, others: readonly string[]): string[] {
  const [before = '', after = ''] = gap.split(unknown);
  const fitting = others.filter((text) => text.startsWith(before) && text.endsWith(after));
  return fitting.map((text) => text.slice(before.length, text.length - after.length));
}

const partsOf = (text: string): string[] =>
  ['', ...text].flatMap((_from, from) => ['', ...text].map((_to, to) => text.slice(from, to)));

/** A number as texts: the point moved `far`, exponents written in all ways, zeros that change nothing. */
function spellings({ number }: Num, far: number): string[] {
  const { sign, power, digits } = decimal(number);
  const long = `${'0'.repeat(far)}${digits}${'0'.repeat(far)}`;
  return Array.from(long).flatMap((_, index) => {
    const plain = `${long.slice(0, index + 1)}.${long.slice(index + 1)}`.replace(/^0+(?=\d)|\.?0*$/g, '');
    const size = String(power - BigInt(index - far + 1)).replace('-', '');
    const sizes = ['', '+', '-'].flatMap((mark) => [1, 2, 3, 4].map((width) => mark + size.padStart(width, '0')));
    const ends = ['', ...sizes.flatMap((each) => [`e${each}`, `E${each}`])];
    const zeros = plain.includes('.') ? ['', '0', '00'] : ['', '.0', '.00'];
    return zeros.flatMap((more) => ends.map((end) => (sign < 0 ? '-' : '') + plain + more + end));
  });
}
