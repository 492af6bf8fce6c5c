import type { Call } from './ast.ts';
import type { Outcome } from './outcome.ts';
import type { Report } from './problem.ts';

/** What a call compiles to: at least a closure that gives its outcome on the facts of one request. */
export interface Leaf<Facts> {
  evaluate(facts: Facts): Outcome;
}

/** One parameter of a function, for the checker and the reference page. */
export interface Parameter {
  readonly name: string;
  /** What stands here: `path`, `value`, `pattern`, `host`, … Only a label; the row's `compile` gives it its meaning. */
  readonly kind: string;
  /** Whether a bare number may stand here too. Absent: quoted text only. */
  readonly accepts?: 'text' | 'text or number';
  readonly summary: string;
  /** May be left out; only the last parameters. */
  readonly optional?: boolean;
  /** May be given several times; only the last parameter. */
  readonly repeats?: boolean;
}

/** One row of a vocabulary table: adding a function is adding a row. */
export interface FunctionDefinition<Facts, Context, L extends Leaf<Facts> = Leaf<Facts>> {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** One sentence for the reference page. */
  readonly summary: string;
  readonly examples: readonly string[];
  /**
   * Turns a checked call (right number and kind of arguments) into a leaf, once. Reports what is wrong with the arguments
   * and then returns undefined; may report warnings and still return a leaf.
   */
  compile(call: Call, context: Context, report: Report): L | undefined;
}

/** The words of one use of the language. Made by {@link defineVocabulary}. */
export interface Vocabulary<Facts, Context, L extends Leaf<Facts> = Leaf<Facts>> {
  readonly functions: readonly FunctionDefinition<Facts, Context, L>[];
  find(name: string): FunctionDefinition<Facts, Context, L> | undefined;
  readonly nameCase: NameCase;
}

/** `exact`, or `traefik`: also all lower, all upper and first-letter-upper case, as Traefik's router matchers. */
export type NameCase = 'exact' | 'traefik';

/** Builds the look-up table of a vocabulary once. Throws on two rows for one name, a defect of the table. */
export function defineVocabulary<Facts, Context, L extends Leaf<Facts> = Leaf<Facts>>(
  functions: readonly FunctionDefinition<Facts, Context, L>[],
  options: { readonly nameCase?: NameCase } = {},
): Vocabulary<Facts, Context, L> {
  const nameCase = options.nameCase ?? 'exact';
  const byName = new Map<string, FunctionDefinition<Facts, Context, L>>();
  for (const definition of functions) {
    for (const spelling of spellings(definition.name, nameCase)) {
      if (byName.has(spelling)) throw new TypeError(`two functions are called ${spelling}`);
      byName.set(spelling, definition);
    }
  }
  return Object.freeze({ functions, nameCase, find: (name: string) => byName.get(name) });
}

function spellings(name: string, nameCase: NameCase): Set<string> {
  if (nameCase === 'exact') return new Set([name]);
  const lower = name.toLowerCase();
  return new Set([name, lower, name.toUpperCase(), lower.charAt(0).toUpperCase() + lower.slice(1)]);
}

/** How few and how many arguments a function takes. */
export function argumentCount(parameters: readonly Parameter[]): { least: number; most: number } {
  const least = parameters.filter((parameter) => parameter.optional !== true).length;
  const most = parameters.at(-1)?.repeats === true ? Number.POSITIVE_INFINITY : parameters.length;
  return { least, most };
}

/** How a function is written: `OneOf(path, value, …)`. */
export function signature(definition: { readonly name: string; readonly parameters: readonly Parameter[] }): string {
  const parts = definition.parameters.map(({ name, optional, repeats }) => {
    const shown = repeats === true ? `${name}, …` : name;
    return optional === true ? `[${shown}]` : shown;
  });
  return `${definition.name}(${parts.join(', ')})`;
}

/** A function as plain data, for generated reference pages and schemas. */
export interface FunctionDescription {
  readonly name: string;
  readonly signature: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly examples: readonly string[];
}

/** A vocabulary as plain data that can be written as JSON. */
export function describeVocabulary(vocabulary: {
  readonly functions: readonly Pick<FunctionDescription, 'name' | 'summary' | 'parameters' | 'examples'>[];
}): FunctionDescription[] {
  return vocabulary.functions.map(({ name, parameters, summary, examples }) => ({
    name,
    signature: signature({ name, parameters }),
    summary,
    parameters,
    examples,
  }));
}
