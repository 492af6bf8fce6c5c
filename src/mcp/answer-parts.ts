import type { Buffer } from 'node:buffer';
import { type JsonCursor, JsonError, type JsonObject, type JsonValue, openJson } from '../http/json.ts';
import { itemKeys, type ListKind } from './methods.ts';
import { answerDepth } from './outcome.ts';
import type { Place } from './splice.ts';

/** An item of a list: what decides about it, and where it stands. */
export interface ListItem extends Place {
  /** Its name, URI or URI template; undefined when it has none, and then it cannot be judged. */
  readonly key: string | undefined;
  /** The member that holds the key, and a tool's annotations. */
  readonly item: JsonObject;
}

/** A member of an object, and where it stands, its name included. */
export interface Member extends Place {
  readonly key: string;
  /** Its own members, when it is an object. */
  readonly members: readonly Member[] | undefined;
}

/** The parts of an answer that depend on who reads it. Everything else has been read strictly too, and left. */
export interface AnswerParts {
  readonly text: string;
  readonly lists: ReadonlyMap<ListKind, readonly ListItem[]>;
  /** Where the value of `cacheScope` stands. */
  readonly cacheScope: (Place & { readonly value: JsonValue }) | undefined;
  /** What an `initialize` or `server/discover` result says the server can do. */
  readonly capabilities: readonly Member[] | undefined;
}

/** By the name of the member that holds the list. */
const kinds: ReadonlyMap<string, ListKind> = new Map((Object.keys(itemKeys) as ListKind[]).map((kind) => [kind, kind]));
const noItem: JsonObject = new Map();
const keptMembers: Readonly<Record<ListKind, ReadonlySet<string>>> = {
  tools: new Set([itemKeys.tools, 'annotations']),
  prompts: new Set([itemKeys.prompts]),
  resources: new Set([itemKeys.resources]),
  resourceTemplates: new Set([itemKeys.resourceTemplates]),
};

/**
 * Reads an answer strictly, and keeps of it what is filtered.
 *
 * @throws {JsonError} when it cannot be read in one way only
 */
export function readParts(answer: Buffer | string): AnswerParts {
  const cursor = openJson(answer, { maxDepth: answerDepth });
  const lists = new Map<ListKind, ListItem[]>();
  let cacheScope: AnswerParts['cacheScope'];
  let capabilities: AnswerParts['capabilities'];
  const readResult = (at: JsonCursor, depth: number, key: string): void => {
    const { next, at: start } = at;
    const kind = kinds.get(key);
    if (kind !== undefined && next === 'array') lists.set(kind, readItems(at, depth, kind));
    else if (key === 'capabilities' && next === 'object') capabilities = readMembers(at, depth);
    else if (key === 'cacheScope') {
      const value = at.value(depth);
      cacheScope = { start, end: at.at, value };
    } else at.skip(depth);
  };
  cursor.document((document) => {
    if (document.next !== 'object') return document.skip(0);
    document.members(0, (at, depth, key) => {
      if (key === 'result' && at.next === 'object') at.members(depth, readResult);
      else at.skip(depth);
    });
  });
  return { text: cursor.text, lists, cacheScope, capabilities };
}

function readItems(cursor: JsonCursor, depth: number, kind: ListKind): ListItem[] {
  const items: ListItem[] = [];
  const kept = keptMembers[kind];
  const naming = itemKeys[kind];
  let item = new Map<string, JsonValue>();
  const readMember = (at: JsonCursor, inner: number, key: string): void => {
    if (kept.has(key)) item.set(key, at.value(inner));
    else at.skip(inner);
  };
  cursor.elements(depth, (at, inner) => {
    const start = at.at;
    if (at.next !== 'object') {
      at.skip(inner);
      items.push({ start, end: at.at, key: undefined, item: noItem });
      return;
    }
    item = new Map();
    at.members(inner, readMember);
    const key = item.get(naming);
    items.push({ start, end: at.at, key: typeof key === 'string' ? key : undefined, item });
  });
  return items;
}

function readMembers(cursor: JsonCursor, depth: number): Member[] {
  const members: Member[] = [];
  cursor.members(depth, (at, inner, key, start) => {
    const own = at.next === 'object' ? readMembers(at, inner) : at.skip(inner);
    members.push({ start, end: at.at, key, members: own ?? undefined });
  });
  return members;
}

/** The parts of an answer; undefined when it has none or cannot be read in one way only. */
export function tryReadParts(answer: Buffer | string): AnswerParts | undefined {
  if (!mayHaveParts(answer)) return undefined;
  try {
    return readParts(answer);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Only a message with a `result` has parts; an escape could spell that word. */
export function mayHaveParts(text: Buffer | string): boolean {
  return text.includes('result') || text.includes('\\u');
}
