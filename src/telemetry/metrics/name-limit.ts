import { Buffer } from 'node:buffer';
import type { McpFacts } from '../../http/facts.ts';

/** Lets a bounded number of names of tools and prompts per route become labels; the rest is `_other`. */
export class NameLimit {
  readonly #limit: number;
  /** By route and method. Each name leads to a copy of itself: cut out of a message, it would keep all of the message. */
  readonly #allowed = new Map<string, Map<string, Map<string, string>>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The label for what a message names; empty when it names neither a tool nor a prompt. */
  allow(route: string, mcp: McpFacts, status: number): string {
    const { name, method } = mcp;
    if (name === undefined || (method !== 'tools/call' && method !== 'prompts/get')) return '';
    let kinds = this.#allowed.get(route);
    const known = kinds?.get(method)?.get(name);
    if (known !== undefined) return known;
    // A name that no list of the upstream holds is the caller's invention. Before the first list, an answer must do.
    const answered = status < 300 && mcp.errorCode === undefined && !mcp.toolError;
    if (!(mcp.offered ?? answered)) return '_other';
    if (kinds === undefined) {
      kinds = new Map();
      this.#allowed.set(route, kinds);
    }
    let names = kinds.get(method);
    if (names === undefined) {
      names = new Map();
      kinds.set(method, names);
    }
    if (names.size >= this.#limit) return '_other';
    const copy = Buffer.from(name).toString();
    names.set(copy, copy);
    return copy;
  }
}
