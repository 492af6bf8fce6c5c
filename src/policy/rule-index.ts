import type { Value } from '../expression/index.ts';
import type { Demand, IndexField } from './demand.ts';

/**
 * Finds the rules that could apply to a message without trying the others, in their order. A policy of a thousand tools
 * then costs what one tool's rules cost.
 */
export class RuleIndex<Rule extends { readonly demand: Demand }> {
  readonly #all: readonly Rule[];
  readonly #byMethod = new Map<string, Bucket<Rule>>();
  readonly #otherMethods: Bucket<Rule>;

  constructor(rules: readonly Rule[]) {
    this.#all = rules;
    for (const method of textsOf(rules, 'method')) {
      this.#byMethod.set(method, new Bucket(rules.filter(({ demand }) => demand.method?.has(method) !== false)));
    }
    this.#otherMethods = new Bucket(rules.filter(({ demand }) => demand.method === undefined));
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** The rules that can apply when these are the message's method, name and URI. */
  candidates(method: Value | undefined, name: Value | undefined, uri: Value | undefined): readonly Rule[] {
    if (typeof method === 'string') return (this.#byMethod.get(method) ?? this.#otherMethods).candidates(name, uri);
    return method === undefined ? this.#otherMethods.candidates(name, uri) : this.#all;
  }

  /** The rules that can apply to some message of a method; of those for an item, when its field and text are given. */
  forUse(method: string, field?: 'name' | 'uri', text?: string): readonly Rule[] {
    return (this.#byMethod.get(method) ?? this.#otherMethods).forUse(field, text);
  }
}

/** The rules of one method, looked up by the item field that more of them demand. */
class Bucket<Rule extends { readonly demand: Demand }> {
  /** All of them. */
  readonly rules: readonly Rule[];
  readonly #field: 'name' | 'uri';
  readonly #byItem = new Map<string, readonly Rule[]>();
  readonly #otherItems: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    const demanding = (field: IndexField) => rules.filter(({ demand }) => demand[field] !== undefined);
    const field = demanding('uri').length > demanding('name').length ? 'uri' : 'name';
    this.#field = field;
    this.#otherItems = rules.filter(({ demand }) => demand[field] === undefined);
    const positions = new Map(rules.map((rule, position) => [rule, position]));
    const specific = new Map<string, Rule[]>();
    for (const rule of demanding(field)) {
      for (const text of rule.demand[field] ?? []) {
        const rulesOfText = specific.get(text);
        if (rulesOfText === undefined) specific.set(text, [rule]);
        else rulesOfText.push(rule);
      }
    }
    for (const [text, own] of specific) {
      const merged = [...own, ...this.#otherItems].sort((a, b) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0));
      this.#byItem.set(text, merged);
    }
  }

  candidates(name: Value | undefined, uri: Value | undefined): readonly Rule[] {
    const item = this.#field === 'name' ? name : uri;
    if (typeof item === 'string') return this.#byItem.get(item) ?? this.#otherItems;
    return item === undefined ? this.#otherItems : this.rules;
  }

  /** The other field is open here, so only the one that is known may narrow the rules down. */
  forUse(field: 'name' | 'uri' | undefined, text: string | undefined): readonly Rule[] {
    return field === this.#field && text !== undefined ? (this.#byItem.get(text) ?? this.#otherItems) : this.rules;
  }
}

function textsOf(rules: readonly { readonly demand: Demand }[], field: IndexField): Set<string> {
  const texts = new Set<string>();
  for (const { demand } of rules) for (const text of demand[field] ?? []) texts.add(text);
  return texts;
}
