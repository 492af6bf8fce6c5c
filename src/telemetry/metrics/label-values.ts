import type { RequestFacts } from '../../http/facts.ts';

/** Values of labels, each out of a closed list or the configuration: what a client makes up becomes `_OTHER` or nothing. */

const httpMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function knownHttpMethod(method: string): string {
  return httpMethods.has(method) ? method : '_OTHER';
}

/** Methods of the revisions we know. */
const mcpMethods = new Map(
  `initialize ping tools/list tools/call prompts/list prompts/get resources/list resources/templates/list resources/read
resources/subscribe resources/unsubscribe completion/complete logging/setLevel roots/list sampling/createMessage
elicitation/create server/discover subscriptions/listen tasks/get tasks/result tasks/list tasks/cancel tasks/update
notifications/initialized notifications/cancelled notifications/progress notifications/message
notifications/roots/list_changed notifications/tools/list_changed notifications/prompts/list_changed
notifications/resources/list_changed notifications/resources/updated`
    .split(/\s+/)
    .map((method) => [method, method] as const),
);

/** Our own text: one cut out of a message would keep all of the message. */
export function knownMcpMethod(method: string): string {
  return mcpMethods.get(method) ?? '_OTHER';
}

const versions = new Set(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28']);

/** A protocol revision that exists; a client can ask for any. */
export function knownVersion(version: string | undefined): string {
  return version === undefined ? '' : versions.has(version) ? version : '_OTHER';
}

/**
 * Faults of the caller: to a server they are no errors of its own (MCP conventions, "error.type"); to a client every code
 * is one.
 */
const callerFaults = new Set([-32700, -32600, -32601, -32602, -32002]);

/** `error.type` of an operation: `tool_error`, the JSON-RPC code, what the gateway found, or the HTTP status. */
export function errorTypeOf(facts: RequestFacts, status: number, side: 'server' | 'client'): string {
  const { mcp } = facts;
  if (mcp?.toolError === true) return 'tool_error';
  if (facts.decision?.outcome === 'deny') return facts.errorType ?? 'denied';
  if (mcp?.errorCode !== undefined)
    return side === 'server' && callerFaults.has(mcp.errorCode) ? '' : boundedCode(mcp.errorCode);
  return status >= 400 ? (facts.errorType ?? String(status)) : '';
}

/** Upstreams choose codes freely; those outside of what JSON-RPC reserves and of HTTP statuses share one name. */
export function boundedCode(code: number): string {
  return (code >= -32768 && code <= -32000) || (code >= 100 && code < 600) ? String(code) : '_OTHER';
}

const urlParts = new Map<string, readonly [string, string]>();
const none = ['', ''] as const;

/** Host and port of a configured server URL; configuration bounds how many there are. */
export function splitUrl(url: string | undefined): readonly [string, string] {
  if (url === undefined) return none;
  let parts = urlParts.get(url);
  if (parts === undefined) {
    const parsed = new URL(url);
    parts = [parsed.hostname, parsed.port || (parsed.protocol === 'https:' ? '443' : '80')];
    if (urlParts.size > 10_000) urlParts.clear();
    urlParts.set(url, parts);
  }
  return parts;
}
