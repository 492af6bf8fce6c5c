import type { McpFacts } from '../../http/facts.ts';

/** Lets a bounded number of names of tools and prompts per route become labels; the rest is `_other`. */
export class NameLimit {
  readonly #limit: number;
  readonly #allowed = new Map<string, Map<string, Set<string>>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The label for what a message names; empty when it names neither a tool nor a prompt. */
  allow(route: string, mcp: McpFacts, status: number): string {
    const { name, method } = mcp;
    if (name === undefined || (method !== 'tools/call' && method !== 'prompts/get')) return '';
    let kinds = this.#allowed.get(route);
    if (kinds?.get(method)?.has(name) === true) return name;
    // A name that no list of the upstream holds is the caller's invention. Before the first list, an answer must do.
    const answered = status < 300 && mcp.errorCode === undefined && !mcp.toolError;
    if (!(mcp.offered ?? answered)) return '_other';
    if (kinds === undefined) {
      kinds = new Map();
      this.#allowed.set(route, kinds);
    }
    let names = kinds.get(method);
    if (names === undefined) {
      names = new Set();
      kinds.set(method, names);
    }
    if (names.size >= this.#limit) return '_other';
    names.add(name);
    return name;
  }
}
