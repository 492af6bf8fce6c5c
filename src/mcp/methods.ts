/**
 * What the gateway has to know about MCP methods. A method that is not here is forwarded like any other: it has no
 * name, no list to filter and no types to check.
 */

/** The lists that are filtered per caller. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** The parameter that names what a method is about. */
export type NamingParameter = 'name' | 'uri' | 'taskId' | 'ref';

export interface MethodFacts {
  readonly naming?: NamingParameter;
  /** The parameter that the `Mcp-Name` header repeats (2026-07-28 transports, and the tasks extension's HTTP binding). */
  readonly header?: 'name' | 'uri' | 'taskId';
  /** The list in the result. */
  readonly list?: ListKind;
}

const unremarkable: MethodFacts = {};

const methods: ReadonlyMap<string, MethodFacts> = new Map<string, MethodFacts>([
  ['tools/call', { naming: 'name', header: 'name' }],
  ['tools/list', { list: 'tools' }],
  ['prompts/get', { naming: 'name', header: 'name' }],
  ['prompts/list', { list: 'prompts' }],
  ['resources/read', { naming: 'uri', header: 'uri' }],
  ['resources/list', { list: 'resources' }],
  ['resources/templates/list', { list: 'resourceTemplates' }],
  ['resources/subscribe', { naming: 'uri' }],
  ['resources/unsubscribe', { naming: 'uri' }],
  ['completion/complete', { naming: 'ref' }],
  ['tasks/get', { naming: 'taskId', header: 'taskId' }],
  ['tasks/update', { naming: 'taskId', header: 'taskId' }],
  ['tasks/cancel', { naming: 'taskId', header: 'taskId' }],
  ['tasks/result', { naming: 'taskId' }],
]);

/** What is known about a method; nothing for one that the table does not have. */
export function describeMethod(method: string): MethodFacts {
  return methods.get(method) ?? unremarkable;
}

/** The member of a list item that says which item it is: the one a call would name. */
export const itemKeys: Readonly<Record<ListKind, string>> = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
};
