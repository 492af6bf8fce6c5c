import { nearest } from '../errors.ts';
import { type Argument, problemAt, type Report, type Span } from '../expression/index.ts';
import { type Read, type Root, roots, walk } from './root.ts';

/** A compiled path. */
export interface Path {
  /** As written, escapes included. */
  readonly text: string;
  /** All names, escapes resolved, the root included: `['mcp', 'params', 'name']`. */
  readonly names: readonly string[];
  /** True under `mcp.` and `http.`: see {@link Root.ofRequest}. */
  readonly ofRequest: boolean;
  readonly read: Read;
}

/** Where a part of an argument's value stands in the expression; gives the whole argument when escapes hide it. */
export type Locate = (start: number, length: number) => Span;

export function locatorOf({ value, span }: Argument): Locate {
  const literal = span.length === value.length + 2;
  return (start, length) => (literal ? { offset: span.offset + 1 + start, length } : span);
}

/** Compiles a path; reports and returns undefined when it can never lead to a value. */
export type CompilePath = (text: string, locate: Locate, report: Report) => Path | undefined;

interface Name {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** A path of a policy: begins with one of {@link roots}. */
export const compilePolicyPath: CompilePath = (text, locate, report) => {
  const names = splitPath(text, locate, report);
  if (names === undefined) return undefined;
  const texts = names.map((name) => name.text);
  const root = roots.find(({ path }) => path.every((part, position) => texts[position] === part));
  const problem = (start: number, length: number, message: string, hint: string) =>
    void report(problemAt(locate(start, length), 'POLICY_PATH', message, hint));
  if (root === undefined) {
    problem(0, text.length, `There is no path \`${text}\`.`, suggestRoot(texts));
    return undefined;
  }
  const below = names.slice(root.path.length);
  if (below.length < root.below.least) {
    problem(0, text.length, `\`${text}\` needs a name below it.`, `For instance ${root.example}.`);
    return undefined;
  }
  const surplus = below[root.below.most];
  if (surplus !== undefined) {
    problem(
      surplus.start,
      text.length - surplus.start,
      `There is nothing below \`${text.slice(0, surplus.start - 1)}\`.`,
      `For instance ${root.example}.`,
    );
    return undefined;
  }
  const { name } = root;
  if (name !== undefined) {
    const odd = below.find(({ text }) => !name.pattern.test(text));
    if (odd !== undefined) {
      problem(odd.start, odd.length, `\`${odd.text}\` is not ${name.meaning}.`, `For instance ${root.example}.`);
      return undefined;
    }
  }
  return makePath(text, texts, root.ofRequest, root.read(texts.slice(root.path.length)));
};

/** A path of a `claims` expression: relative to the claims; the prefix `jwt.` is accepted and means the same. */
export const compileClaimsPath: CompilePath = (text, locate, report) => {
  const names = splitPath(text, locate, report)?.map((name) => name.text);
  if (names === undefined) return undefined;
  const below = names[0] === 'jwt' && names.length > 1 ? names.slice(1) : names;
  return makePath(text, ['jwt', ...below], false, (facts) => walk(facts.request.jwt, below));
};

/** True for what a caller passes to a tool or prompt: everything below `mcp.params` but the item itself. */
export function isArgumentPath({ names }: Path): boolean {
  if (names[0] !== 'mcp' || names[1] !== 'params') return false;
  return names.length !== 3 || (names[2] !== 'name' && names[2] !== 'uri');
}

function makePath(text: string, names: readonly string[], ofRequest: boolean, read: Read): Path {
  return Object.freeze({ text, names: Object.freeze([...names]), ofRequest, read });
}

/** Splits on dots; `\.` is a dot and `\\` a backslash inside a name. */
function splitPath(text: string, locate: Locate, report: Report): Name[] | undefined {
  const names: Name[] = [];
  let current = '';
  let start = 0;
  const problem = (at: number, length: number, message: string, hint: string): undefined =>
    void report(problemAt(locate(at, length), 'POLICY_PATH', message, hint));
  const substitution = text.indexOf('${');
  if (substitution >= 0) {
    return problem(substitution, 2, 'Nothing is replaced inside a path.', 'Values may hold ${path}, paths may not.');
  }
  for (let position = 0; position <= text.length; position += 1) {
    const character = text.charAt(position);
    if (character === '\\') {
      const next = text.charAt(position + 1);
      if (next !== '.' && next !== '\\') {
        return problem(
          position,
          1,
          'A backslash in a path stands before a dot or a backslash.',
          'Write \\\\ for a backslash, \\. for a dot inside a name.',
        );
      }
      current += next;
      position += 1;
    } else if (character === '.' || character === '') {
      const length = position - start;
      if (length === 0) {
        const message = text === '' ? 'The path is empty.' : 'A name is missing in this path.';
        return problem(start, 0, message, 'Names are separated by single dots: mcp.params.name.');
      }
      if (current === '*') {
        return problem(
          start,
          1,
          '`*` is reserved in paths.',
          'Use OneOf or Contains to look into an array, or an index such as 0.',
        );
      }
      names.push({ text: current, start, length });
      current = '';
      start = position + 1;
    } else {
      current += character;
    }
  }
  return names;
}

/** What was probably meant by a path that no root begins. */
function suggestRoot(names: readonly string[]): string {
  const [first = '', second = ''] = names;
  const firsts = [...new Set(roots.map(({ path }) => path[0]))];
  const root = firsts.includes(first) ? first : nearest(first, firsts);
  if (root === undefined) return `Paths begin with ${listOf(firsts)}.`;
  const candidates = roots.filter(({ path }) => path[0] === root);
  if (candidates.some(({ path }) => path.length === 1)) return `Did you mean ${[root, ...names.slice(1)].join('.')}?`;
  const seconds = candidates.flatMap(({ path }) => path.slice(1));
  const match = seconds.includes(second) ? second : nearest(second, seconds);
  if (match !== undefined) return `Did you mean ${[root, match, ...names.slice(2)].join('.')}?`;
  return `Below ${root} there is ${listOf(seconds)}.`;
}

function listOf(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}
