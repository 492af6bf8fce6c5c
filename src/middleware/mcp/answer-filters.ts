import type { McpFacts } from '../../http/facts.ts';
import { AnswerFilter } from '../../mcp/answer-filter.ts';
import { capabilityEra, hideCapabilities } from '../../mcp/capabilities.ts';
import type { Message } from '../../mcp/envelope.ts';
import type { Era } from '../../mcp/era.ts';
import { hideItems, makePrivate } from '../../mcp/lists.ts';
import type { ListKind } from '../../mcp/methods.ts';
import type { CallerView, PolicyRequest, PolicySet } from '../../policy/index.ts';
import { learn, type RouteMemory } from './memory.ts';
import type { McpOptions } from './options.ts';

/** One exchange, for its filter. */
export interface Asked {
  readonly message: Message | undefined;
  readonly question: PolicyRequest;
  readonly known: RouteMemory;
  readonly facts: McpFacts;
}

/** Which answers depend on their reader, and how. */
export class AnswerFilters {
  readonly #policies: PolicySet;
  readonly #rules: McpOptions['policies'];
  /** False when every item is shown to everybody. */
  readonly lists: boolean;
  /** False when everything is allowed to everybody. */
  readonly #capabilities: boolean;

  constructor(options: McpOptions, policies: PolicySet) {
    const { listPolicies, listDefaultAction, defaultAction } = options;
    const allowsEverything = options.policies.length === 0 && defaultAction === 'allow';
    const showsEverything = listDefaultAction === 'show' || (listDefaultAction === 'callable' && allowsEverything);
    this.#policies = policies;
    this.#rules = options.policies;
    this.lists = listPolicies.length > 0 || !showsEverything;
    this.#capabilities = !allowsEverything;
  }

  /** The filter for an answer that was asked for; undefined when the answer is the same for everybody. */
  of(asked: Asked): AnswerFilter | undefined {
    const { message } = asked;
    if (message?.kind !== 'request') return undefined;
    if (message.facts.list !== undefined) return this.lists ? this.#ofLists(asked) : undefined;
    const era = this.#capabilities ? capabilityEra(message.method) : undefined;
    return era === undefined ? undefined : this.#ofCapabilities(asked.question, era);
  }

  /** The filter for a stream on which a client may fetch an answer that it missed; nobody knows what was asked. */
  ofStream(asked: Asked): AnswerFilter | undefined {
    return asked.message === undefined && this.lists ? this.#ofLists(asked) : undefined;
  }

  #ofLists({ question, known, facts }: Asked): AnswerFilter {
    // Most streams never bring a list, and thousands may be open.
    let view: CallerView | undefined;
    return new AnswerFilter((parts) => {
      if (parts.lists.size === 0) return [];
      learn(known, parts);
      view ??= this.#policies.viewOf(question);
      const shown = view;
      const { edits, hidden } = hideItems(parts, (kind, _key, item) => shown.shows(kind, item));
      facts.hidden += hidden;
      return [...edits, ...makePrivate(parts)];
    });
  }

  #ofCapabilities(question: PolicyRequest, era: Era): AnswerFilter {
    const view = this.#policies.viewOf(question);
    const can = {
      use: (method: string) => view.usable(method, this.#isCurable),
      list: (kind: ListKind) => view.listable(kind, this.#isCurable),
    };
    return new AnswerFilter((parts) =>
      parts.capabilities === undefined ? [] : [...hideCapabilities(parts, era, can), ...makePrivate(parts)],
    );
  }

  /** A caller who is told which scopes would help may come back with them: what they open is not hidden. */
  readonly #isCurable = ({ index }: { readonly index: number }): boolean =>
    this.#rules[index]?.requiredScopes !== undefined;
}
