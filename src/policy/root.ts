import { isArray, isObject, type Value } from '../expression/index.ts';
import type { Facts } from './facts.ts';

/** Where paths may begin: adding a root is adding a row. */
export interface Root {
  /** The fixed part of the path. */
  readonly path: readonly [string, ...string[]];
  /** How many names may follow it. */
  readonly below: { readonly least: number; readonly most: number };
  /** True for what the request itself says: absent, it gives a `deny` nothing to refuse. */
  readonly ofRequest: boolean;
  readonly summary: string;
  readonly example: string;
  /** What a name below must look like, when not every name can exist. */
  readonly name?: { readonly pattern: RegExp; readonly meaning: string };
  /** Builds the reader for the names below the fixed part. */
  read(below: readonly string[]): Read;
}

export type Read = (facts: Facts) => Value | undefined;

const nothing = { least: 0, most: 0 };

export const roots: readonly Root[] = [
  {
    path: ['mcp', 'method'],
    below: nothing,
    ofRequest: true,
    summary: 'The method of the message.',
    example: 'mcp.method',
    read: () => (facts) => facts.method,
  },
  {
    path: ['mcp', 'id'],
    below: nothing,
    ofRequest: true,
    summary: 'The id of a request, a text or a number.',
    example: 'mcp.id',
    read: () => (facts) => facts.request.mcp.get('id'),
  },
  {
    path: ['mcp', 'jsonrpc'],
    below: nothing,
    ofRequest: true,
    summary: 'The JSON-RPC version, always 2.0.',
    example: 'mcp.jsonrpc',
    read: () => (facts) => facts.request.mcp.get('jsonrpc'),
  },
  {
    path: ['mcp', 'protocolVersion'],
    below: nothing,
    ofRequest: true,
    summary: 'The protocol revision in force for the message.',
    example: 'mcp.protocolVersion',
    read: () => (facts) => facts.request.protocolVersion,
  },
  {
    path: ['mcp', 'params'],
    below: { least: 0, most: Number.POSITIVE_INFINITY },
    ofRequest: true,
    summary: 'The parameters of the message: `name` of a tool or prompt, `uri` of a resource, `arguments`, `_meta`, …',
    example: 'mcp.params.arguments.amount',
    read: (below) => {
      if (below.length === 1 && below[0] === 'name') return (facts) => facts.name;
      if (below.length === 1 && below[0] === 'uri') return (facts) => facts.uri;
      return (facts) => walk(facts.params, below);
    },
  },
  {
    path: ['jwt'],
    below: { least: 1, most: Number.POSITIVE_INFINITY },
    ofRequest: false,
    summary: 'A claim of the verified token.',
    example: 'jwt.groups',
    read: (below) => {
      const [first = '', ...rest] = below;
      if (rest.length === 0) return (facts) => facts.request.jwt?.get(first);
      return (facts) => walk(facts.request.jwt?.get(first), rest);
    },
  },
  {
    path: ['http', 'method'],
    below: nothing,
    ofRequest: true,
    summary: 'The HTTP method.',
    example: 'http.method',
    read: () => (facts) => facts.request.http.method,
  },
  {
    path: ['http', 'host'],
    below: nothing,
    ofRequest: true,
    summary: 'The host the client asked, lower case, without port.',
    example: 'http.host',
    read: () => (facts) => facts.request.http.host,
  },
  {
    path: ['http', 'path'],
    below: nothing,
    ofRequest: true,
    summary: 'The path as it stands after the chain before, without query.',
    example: 'http.path',
    read: () => (facts) => facts.request.http.path,
  },
  {
    path: ['http', 'headers'],
    below: { least: 1, most: 1 },
    ofRequest: true,
    summary:
      'A request header by its lower-case name, as it stands after the chain before; an array when sent several times.',
    example: 'http.headers.x-environment',
    name: { pattern: /^[a-z0-9-]+$/, meaning: 'a header name in lower case' },
    read:
      ([name = '']) =>
      (facts) =>
        facts.header(name),
  },
  {
    path: ['client', 'ip'],
    below: nothing,
    ofRequest: false,
    summary: 'The client address.',
    example: 'client.ip',
    read: () => (facts) => facts.request.client.ip,
  },
  {
    path: ['tool', 'annotations'],
    below: { least: 1, most: 1 },
    ofRequest: false,
    summary: 'A hint the upstream gives about the tool, present once its tool list is known.',
    example: 'tool.annotations.destructiveHint',
    read:
      ([hint = '']) =>
      (facts) =>
        facts.annotations()?.get(hint),
  },
];

const index = /^(?:0|[1-9][0-9]*)$/;

/** Follows names through objects and indexes through arrays; own keys only, anything else is absent. */
export function walk(start: Value | undefined, names: readonly string[]): Value | undefined {
  let value = start;
  for (const name of names) {
    if (isObject(value)) value = value.get(name);
    else if (isArray(value) && index.test(name)) value = value[Number(name)];
    else return undefined;
  }
  return value;
}
