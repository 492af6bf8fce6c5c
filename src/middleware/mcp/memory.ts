import type { Buffer } from 'node:buffer';
import type { McpFacts } from '../../http/facts.ts';
import { type AnswerParts, tryReadParts } from '../../mcp/answer-parts.ts';
import { ItemBook } from '../../mcp/item-book.ts';
import { SessionSeal } from '../../mcp/session-seal.ts';
import { ToolBook } from '../../mcp/tool-book.ts';
import { OpenStreams } from './open-streams.ts';

/** Whoever judges open streams by the policies in force. */
export interface StreamJudge {
  judgeStreams(): void;
}

/** What a route's lists have taught. */
export interface RouteMemory {
  readonly tools: ToolBook;
  readonly items: ItemBook;
}

/** What outlives a change of the configuration. */
export class Memory {
  readonly seal = SessionSeal.random();
  readonly #routes = new Map<string, RouteMemory>();
  readonly streams = new OpenStreams();
  /** The guard that requests come to now. */
  serving: StreamJudge | undefined;

  /** One middleware may stand before several upstreams, whose tools are different things. */
  of(route: string): RouteMemory {
    let memory = this.#routes.get(route);
    if (memory === undefined) {
      memory = { tools: new ToolBook(), items: new ItemBook() };
      this.#routes.set(route, memory);
    }
    return memory;
  }

  dispose(): void {
    this.#routes.clear();
  }
}

/** Whether what a message names has been listed; undefined when nobody can tell yet. */
export function isOffered({ items }: RouteMemory, { method, name }: McpFacts): boolean | undefined {
  const kind = method === 'tools/call' ? 'tools' : method === 'prompts/get' ? 'prompts' : undefined;
  return kind === undefined || name === undefined ? undefined : items.holds(kind, name);
}

/** Takes in what a list teaches. */
export function learn({ tools, items }: RouteMemory, parts: AnswerParts): void {
  tools.learn(parts);
  items.learn(parts);
}

/** The same for a list that is not filtered. It decides nothing, so one that cannot be read is let pass. */
export function learnUnfiltered(memory: RouteMemory, answer: Buffer | string): void {
  const parts = tryReadParts(answer);
  if (parts !== undefined) learn(memory, parts);
}
