import {
  compareDecimals,
  FALSE,
  isNumber,
  isStrictDecimal,
  TRUE,
  UNDETERMINED,
  type Value,
} from '../../expression/index.ts';
import { ABSENT, type Atom, canBe, literalsOf, number, possibleOnText, type State, stateOn, states } from './atom.ts';
import { samplePattern } from './sample-pattern.ts';

/** What is asked of one atom on a path. */
export interface Wish {
  readonly atom: Atom;
  readonly state: State;
}

/** What else is known of the value at a path. */
export interface PathLimits {
  /** Texts that the value is not. */
  readonly excluded?: ReadonlySet<string> | undefined;
  /** True when the value is a text. */
  readonly text?: boolean | undefined;
  /** True when something stands below it, so that it is an object or an array. */
  readonly container?: boolean | undefined;
}

/**
 * What one path can hold so that its literal atoms come out as wished. `possible: false` is a proof that nothing can;
 * `possible: true` without values means that nothing was found, which proves nothing.
 */
export interface PathSolution {
  readonly possible: boolean;
  readonly values: readonly Value[];
}

const comparisons: ReadonlySet<string> = new Set(['Lt', 'Lte', 'Gt', 'Gte']);

/**
 * Finds values for the literal atoms of one path. All atoms are on the same path, none is {@link ABSENT}.
 *
 * Values of every type but text fall into finitely many classes that the atoms cannot tell apart further, and each class
 * is tried on the engine itself: `null`, booleans, objects, a point between and on every number, and the largest array
 * that the false atoms leave. Texts are refuted by what the engine says is possible for a text of which a piece is known.
 */
export function solvePath(wishes: readonly Wish[], limits: PathLimits = {}): PathSolution {
  const pool = poolOf(wishes.map(({ atom }) => atom));
  const fits = (value: Value) =>
    allowed(value, limits) && wishes.every(({ atom, state }) => judged(atom, value) === state);
  const array = largestArray(wishes, pool.scalars);
  const arrays = array === undefined ? [] : [array];
  // Claims such as groups are lists as a rule: an example with a list reads better there.
  const isList = wishes.some(({ atom }) => atom.path.names[0] === 'jwt' && atom.condition.function.name === 'Contains');
  const values = [...(isList ? arrays : []), ...pool.scalars, ...(isList ? [] : arrays), ...pool.others].filter(fits);
  if (values.length > 0) return { possible: true, values };
  const open = limits.container !== true && (!refutedText(wishes, pool) || (!pool.exact && limits.text !== true));
  return { possible: open, values };
}

/** The states an atom can have at all on a path with these limits, absence aside. */
export function possibleStates(atom: Atom, limits: PathLimits): State[] {
  return states.filter((state) => state !== ABSENT && solvePath([{ atom, state }], limits).possible);
}

function allowed(value: Value, { excluded, text, container }: PathLimits): boolean {
  if (typeof value === 'string') return container !== true && excluded?.has(value) !== true;
  if (text === true) return false;
  return container !== true || Array.isArray(value) || value instanceof Map;
}

function judged(atom: Atom, value: Value): State {
  let memory = memories.get(atom);
  if (memory === undefined) {
    memory = new Map();
    memories.set(atom, memory);
  }
  let state = memory.get(value);
  if (state === undefined) {
    state = stateOn(atom, [{ names: atom.path.names, value }]);
    memory.set(value, state);
  }
  return state;
}
const memories = new WeakMap<Atom, Map<Value, State>>();

interface Pool {
  readonly scalars: readonly Value[];
  readonly others: readonly Value[];
  /** One number for every class of numbers. */
  readonly points: readonly Value[];
  /** False when the points may not cover all numbers. */
  readonly exact: boolean;
}

const pools = new Map<string, Pool>();

function poolOf(atoms: readonly Atom[]): Pool {
  const key = atoms.map((atom) => atom.key).join('\n');
  let pool = pools.get(key);
  if (pool === undefined) {
    if (pools.size > 5_000) pools.clear();
    pool = makePool(atoms);
    pools.set(key, pool);
  }
  return pool;
}

function makePool(atoms: readonly Atom[]): Pool {
  const literals = atoms.flatMap((atom) => (atom.condition.function.name === 'Matches' ? [] : literalsOf(atom)));
  const numerals = [...new Set(literals.flatMap((value) => numeralOf(value) ?? []))];
  const { points, exact } = numberPoints(numerals);
  const texts = textsFor(atoms, literals);
  const spellings = points.flatMap(({ text }) => [text, otherSpelling(text, new Set(texts))]);
  return {
    scalars: [...texts, ...spellings, ...points, true, false, null],
    others: [new Map([['member', 'x']]), []],
    points,
    exact,
  };
}

/** A text of the same number that is not among those written: it equals the number and no text. */
function otherSpelling(text: string, written: ReadonlySet<string>): string {
  const [, mantissa = text, exponent = ''] = /^([^eE]*)(.*)$/.exec(text) ?? [];
  let spelling = mantissa.includes('.') ? `${mantissa}0` : `${mantissa}.0`;
  while (written.has(spelling + exponent)) spelling += '0';
  return spelling + exponent;
}

function numeralOf(value: Value): string | undefined {
  if (isNumber(value)) return value.text;
  return typeof value === 'string' && isStrictDecimal(value) ? value : undefined;
}

/** Every written number, and one between each two neighbours, below the least and above the greatest. */
function numberPoints(numerals: readonly string[]): { points: { text: string }[]; exact: boolean } {
  const sorted = [...numerals]
    .sort(compareDecimals)
    .filter((text, index, all) => index === 0 || compareDecimals(text, all[index - 1] ?? '') !== 0);
  if (sorted.length === 0) return { points: [number('1'), number('7')], exact: true };
  const between: (string | undefined)[] = [
    step(sorted[0] ?? '0', -1),
    ...sorted.slice(1).map((text, index) => middle(sorted[index] ?? '0', text)),
    step(sorted.at(-1) ?? '0', 1),
  ];
  const found = between.filter((text) => text !== undefined);
  return { points: [...sorted, ...found].map(number), exact: found.length === between.length };
}

/** A number beyond another: one more or less, or the greatest strict decimal there is. */
function step(text: string, by: 1 | -1): string | undefined {
  const candidates = [plain(Number(text) + by), by === 1 ? '9e9999' : '-9e9999'];
  return candidates.find((candidate) => candidate !== undefined && compareDecimals(candidate, text) === by);
}

function middle(below: string, above: string): string | undefined {
  const [low, high] = [Number(below), Number(above)];
  const candidates = [plain(Math.floor(low) + 1), plain((low + high) / 2), exactMiddle(below, above)];
  return candidates.find(
    (candidate) =>
      candidate !== undefined && compareDecimals(candidate, below) > 0 && compareDecimals(candidate, above) < 0,
  );
}

const written = /^(-?)([0-9]{1,200})(?:\.([0-9]{1,200}))?$/;

/** The mean of two decimals without exponents, where doubles are too coarse. */
function exactMiddle(a: string, b: string): string | undefined {
  const [first, second] = [written.exec(a), written.exec(b)];
  if (first === null || second === null) return undefined;
  const places = Math.max(first[3]?.length ?? 0, second[3]?.length ?? 0) + 1;
  const scaled = ([, sign = '', whole = '', fraction = '']: RegExpExecArray) =>
    BigInt(sign + whole + fraction.padEnd(places, '0'));
  const mean = (scaled(first) + scaled(second)) / 2n;
  const digits = (mean < 0n ? -mean : mean).toString().padStart(places + 1, '0');
  return `${mean < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function plain(value: number): string | undefined {
  const text = String(value);
  return isStrictDecimal(text) ? text : undefined;
}

/** Texts worth trying: what is written, and what begins, contains and ends as written. */
function textsFor(atoms: readonly Atom[], literals: readonly Value[]): string[] {
  const written = literals.filter((value) => typeof value === 'string');
  const of = (name: string, index = 0) =>
    atoms.flatMap((atom) => {
      const value = atom.condition.function.name === name ? literalsOf(atom)[index] : undefined;
      return typeof value === 'string' && value !== '' ? [value] : [];
    });
  const samples = atoms.flatMap((atom) => {
    const [pattern] = atom.condition.function.name === 'Matches' ? literalsOf(atom) : [];
    return typeof pattern === 'string' ? samplePattern(pattern) : [];
  });
  const parts = of('SplitContains', 1).map((wanted, index) => `${of('SplitContains')[index] ?? ' '}${wanted}`);
  const starts = ['', ...of('Prefix'), ...samples].slice(0, 12);
  const inner = ['', 'x', ...of('Contains'), ...parts, of('Contains').join('x'), parts.join('')];
  const ends = ['', ...of('Suffix'), ...of('SplitContains').map((separator) => `${separator}x`)].slice(0, 12);
  const built = starts.flatMap((start) =>
    [...new Set(inner)].slice(0, 12).flatMap((middlePart) => ends.map((end) => start + middlePart + end)),
  );
  return [...new Set(['other', ...written, ...samples, ...built, ''])];
}

/** The array with every element that no false atom forbids; undefined when an atom is wished undetermined. */
function largestArray(wishes: readonly Wish[], scalars: readonly Value[]): readonly Value[] | undefined {
  if (wishes.length === 0) return undefined;
  const forbidding = wishes.filter(
    ({ atom, state }) => state === FALSE && membership.has(atom.condition.function.name),
  );
  const elements = scalars.filter((value) => !forbidding.some(({ atom }) => judged(atom, arrayOf(value)) === TRUE));
  // An example with few elements is easier to read.
  const wanted = wishes.filter(({ atom, state }) => state === TRUE && membership.has(atom.condition.function.name));
  const chosen = wanted.flatMap(({ atom }) => elements.find((value) => judged(atom, arrayOf(value)) === TRUE) ?? []);
  return [...new Set(chosen)];
}

const membership: ReadonlySet<string> = new Set(['Contains', 'OneOf']);
const arrays = new Map<Value, readonly Value[]>();

function arrayOf(value: Value): readonly Value[] {
  let array = arrays.get(value);
  if (array === undefined) {
    if (arrays.size > 10_000) arrays.clear();
    array = [value];
    arrays.set(value, array);
  }
  return array;
}

/** Whether no text outside the pool can be as wished. */
function refutedText(wishes: readonly Wish[], { points, exact }: Pool): boolean {
  const known: (readonly (string | undefined)[])[] = [[undefined]];
  for (const { atom, state } of wishes) {
    if (state !== TRUE) continue;
    const { name } = atom.condition.function;
    const literals = literalsOf(atom);
    // A text that equals a written text is in the pool; one that equals a number may be spelled otherwise.
    if ((name === 'Equals' || name === 'OneOf') && literals.every((value) => typeof value === 'string')) return true;
    const part = literals.at(-1);
    if (typeof part !== 'string' || part === '') continue;
    if (name === 'Prefix') known.push([part, undefined]);
    else if (name === 'Suffix') known.push([undefined, part]);
    else if (name === 'Contains' || name === 'SplitContains') known.push([undefined, part, undefined]);
  }
  if (known.some((pieces) => wishes.some(({ atom, state }) => !canBe(possibleOnText(atom, pieces), state))))
    return true;
  const numeric = wishes.filter(({ atom }) => comparisons.has(atom.condition.function.name));
  if (numeric.every(({ state }) => state === UNDETERMINED)) return false;
  return exact && !points.some((point) => numeric.every(({ atom, state }) => judged(atom, point) === state));
}
