import * as z from 'zod';
import type { ObjectValue, Value } from '../../expression/index.ts';
import type { PolicyRequest } from '../../policy/index.ts';
import { objectFrom, valueFrom } from './value-from.ts';

const data = z.record(z.string(), z.unknown());
const text = z.string().min(1);

/** The short ways to write a request; exactly one of them stands in a case. */
export const requestShape = {
  call: z
    .union([text, z.strictObject({ tool: text, arguments: data.optional() })])
    .optional()
    .describe('Calls a tool: its name, or `{tool, arguments}`.'),
  prompt: z
    .union([text, z.strictObject({ name: text, arguments: data.optional() })])
    .optional()
    .describe('Gets a prompt: its name, or `{name, arguments}`.'),
  read: text.optional().describe('Reads a resource: its URI.'),
  subscribe: text.optional().describe('Subscribes to a resource: its URI.'),
  complete: z
    .union([z.strictObject({ prompt: text }), z.strictObject({ resource: text })])
    .optional()
    .describe('Asks for completions of a prompt or a resource template.'),
  list: z
    .enum(['tools', 'prompts', 'resources', 'resources/templates'])
    .optional()
    .describe('Asks for a list, without looking at what is on it.'),
  method: text.optional().describe('Any method, with `params`.'),
  message: z.union([data, text]).optional().describe('A whole JSON-RPC message, as a mapping or as JSON text.'),
  event: z
    .enum(['stream', 'end-session'])
    .optional()
    .describe('The opening of a stream (GET) or the end of a session (DELETE).'),
} as const;

/** What a request may say besides the message. */
export const surroundingShape = {
  params: data.optional().describe('Parameters, with `method`.'),
  http: z
    .strictObject({
      host: text.optional(),
      path: text.optional(),
      headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
    })
    .optional()
    .describe('What `http.*` reads.'),
  ip: text.optional().describe('What `client.ip` reads.'),
  protocolVersion: text.optional().describe('What `mcp.protocolVersion` reads.'),
  annotations: z.record(z.string(), data).optional().describe('Annotations by the name of the tool.'),
} as const;

const written = z.strictObject({ ...requestShape, ...surroundingShape });
export type WrittenRequest = z.output<typeof written>;

export const requestKeys = Object.keys(requestShape) as (keyof typeof requestShape)[];

/** Exact texts of numbers at a path of the written request, where the source is known. */
export type NumberText = (path: readonly (string | number)[]) => string | undefined;

/** The request that a short form stands for. Throws a SyntaxError for JSON text that is none. */
export function requestOf(
  short: WrittenRequest,
  caller: ObjectValue | undefined,
  parseJson: (text: string) => Value,
  numberText?: NumberText,
): PolicyRequest {
  const { message, kind } = messageOf(short, parseJson, numberText);
  const annotations = short.annotations;
  const headers = new Map(
    Object.entries(short.http?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    kind,
    mcp: message,
    jwt: caller,
    http: {
      method: kind === 'stream' ? 'GET' : kind === 'end-session' ? 'DELETE' : 'POST',
      host: short.http?.host ?? 'mcp.localhost',
      path: short.http?.path ?? '/mcp',
      header: (name) => headers.get(name),
    },
    client: { ip: short.ip },
    protocolVersion: short.protocolVersion,
    route: 'policy-test',
    ...(annotations === undefined
      ? {}
      : {
          toolAnnotations: (name: string) => {
            const hints = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
            return hints === undefined ? undefined : objectFrom(hints);
          },
        }),
  };
}

function messageOf(
  short: WrittenRequest,
  parseJson: (text: string) => Value,
  numberText: NumberText | undefined,
): { message: ObjectValue; kind: PolicyRequest['kind'] } {
  if (short.event !== undefined) return { message: new Map(), kind: short.event };
  if (short.message !== undefined) {
    const value =
      typeof short.message === 'string' ? parseJson(short.message) : valueFrom(short.message, numberText, ['message']);
    if (!(value instanceof Map)) throw new SyntaxError('the message is not a JSON object');
    const message = value as ObjectValue;
    const kind = message.has('method') ? (message.has('id') ? 'request' : 'notification') : 'response';
    return { message, kind };
  }
  const { method, params } = callOf(short, numberText);
  const notification = method.startsWith('notifications/');
  const message = new Map<string, Value>([
    ['jsonrpc', '2.0'],
    ...(notification ? [] : [['id', { text: '1' }] as const]),
    ['method', method],
    ...(params === undefined ? [] : [['params', params] as const]),
  ]);
  return { message, kind: notification ? 'notification' : 'request' };
}

function callOf(
  short: WrittenRequest,
  numberText: NumberText | undefined,
): { method: string; params: ObjectValue | undefined } {
  const named = (key: 'name' | 'uri', item: string, more: object | undefined, path: readonly string[]) =>
    new Map<string, Value>([
      [key, item],
      ...(more === undefined ? [] : [['arguments', objectFrom(more, numberText, path)] as const]),
    ]);
  const { call, prompt, complete } = short;
  if (call !== undefined) {
    const { tool, ...rest } = typeof call === 'string' ? { tool: call, arguments: {} } : call;
    return { method: 'tools/call', params: named('name', tool, rest.arguments ?? {}, ['call', 'arguments']) };
  }
  if (prompt !== undefined) {
    const { name, ...rest } = typeof prompt === 'string' ? { name: prompt, arguments: undefined } : prompt;
    return { method: 'prompts/get', params: named('name', name, rest.arguments, ['prompt', 'arguments']) };
  }
  if (short.read !== undefined) return { method: 'resources/read', params: named('uri', short.read, undefined, []) };
  if (short.subscribe !== undefined)
    return { method: 'resources/subscribe', params: named('uri', short.subscribe, undefined, []) };
  if (complete !== undefined) {
    const ref: ObjectValue =
      'prompt' in complete
        ? new Map([
            ['type', 'ref/prompt'],
            ['name', complete.prompt],
          ])
        : new Map([
            ['type', 'ref/resource'],
            ['uri', complete.resource],
          ]);
    const argument = new Map([
      ['name', 'argument'],
      ['value', ''],
    ]);
    return {
      method: 'completion/complete',
      params: new Map<string, Value>([
        ['ref', ref],
        ['argument', argument],
      ]),
    };
  }
  if (short.list !== undefined) return { method: `${short.list}/list`, params: new Map() };
  return {
    method: short.method ?? '',
    params: short.params === undefined ? undefined : objectFrom(short.params, numberText, ['params']),
  };
}

/** A request in a few words: `tools/call read_wiki`. */
export function describeRequest({ kind, mcp }: PolicyRequest): string {
  const method = mcp.get('method');
  if (typeof method !== 'string')
    return kind === 'stream' ? 'opening of the stream' : kind === 'end-session' ? 'end of the session' : kind;
  const params = mcp.get('params');
  const inside = params instanceof Map ? (params as ObjectValue) : new Map<string, Value>();
  const item = inside.get('name') ?? inside.get('uri');
  return typeof item === 'string' ? `${method} ${item}` : method;
}
